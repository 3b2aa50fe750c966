/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_judge.c — what became of a request: the library's verdict, in the words of http_client.h. */
#include <string.h>

#include "client_internal.h"
#include "base/clock.h"
#include "base/descriptors.h"

static enum http_trouble trouble_of(CURLcode rc, const char *text, bool sent)
{
	/* Two that only the library's words tell apart: a connection that was lost while the two
	 * shook hands, and a server that shook hands and then wanted a certificate (TLS 1.3). */
	if (rc == CURLE_SSL_CONNECT_ERROR && strstr(text, "SSL_ERROR_SYSCALL") != NULL)
		return HTTP_BROKEN_OFF;
	if (rc == CURLE_RECV_ERROR && strstr(text, "SSL") != NULL && strstr(text, " alert ") != NULL)
		return HTTP_TLS;
	switch (rc) {
	case CURLE_URL_MALFORMAT:
		return HTTP_BAD_URL;
	case CURLE_UNSUPPORTED_PROTOCOL: /* also what the library says of an answer without a status line */
		return sent ? HTTP_NOT_HTTP : HTTP_BAD_URL;
	case CURLE_WEIRD_SERVER_REPLY:
		return HTTP_NOT_HTTP;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_UNKNOWN_HOST;
	case CURLE_COULDNT_CONNECT: /* once sent, it is the library's second try that found nobody */
		return sent ? HTTP_BROKEN_OFF : HTTP_NO_CONNECTION;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMED_OUT;
	case CURLE_OUT_OF_MEMORY:
		return HTTP_NO_MEMORY;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return HTTP_TLS;
	default: /* OK too: a head that broke off is not an error to the library */
		return HTTP_BROKEN_OFF;
	}
}

/* The library's count is of the last transfer, which may be an earlier request's. */
static bool was_sent(const struct exchange *x)
{
	long bytes = 0;

	curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &bytes);
	return x->times_sent > 1 || (x->times_sent == 1 && bytes > 0);
}

/* The library says that it could not connect, and leaves why to the error number. */
static void name_error(struct exchange *x, CURLcode rc)
{
	long number = 0;

	curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &number);
	if (rc == CURLE_COULDNT_CONNECT && number != 0)
		snprintf(x->error, sizeof(x->error), "%s", strerror((int)number));
}

/* A lookup needs a descriptor, and so does a file of authorities: without one their errors would blame the
 * collector's name or its certificate. */
static bool lacked_descriptor(const struct exchange *x, enum http_trouble trouble)
{
	if (descriptors_lacked(x->socket_error))
		return trouble == HTTP_NO_CONNECTION;
	return (trouble == HTTP_UNKNOWN_HOST || trouble == HTTP_TLS || trouble == HTTP_NO_CONNECTION) &&
	       descriptors_used_up();
}

/* What stood in the way, and the sentence of it in x->error. */
static enum http_trouble name_trouble(struct exchange *x, CURLcode rc, bool sent)
{
	enum http_trouble trouble = trouble_of(rc, x->error, sent);

	if (!sent && lacked_descriptor(x, trouble)) {
		descriptors_sentence(x->error);
		return HTTP_NO_DESCRIPTOR;
	}
	name_error(x, rc);
	return trouble;
}

static const char *location_of(const struct exchange *x)
{
	char *url = NULL;

	curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &url);
	return url;
}

static bool is_new_connection(const struct exchange *x)
{
	long made = 0;

	curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &made);
	return made > 0;
}

void exchange_judge(struct exchange *x, CURLcode rc, struct http_answer *a)
{
	long status = 0;

	*a = (struct http_answer){
		.retry_after_ms = -1,
		.took_us = clock_mono_us() - x->began_us,
		.was_sent = was_sent(x),
		.was_gzip = x->gzip,
		.new_connection = is_new_connection(x),
		.error = "",
	};
	if (x->head_whole) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		a->failure = HTTP_ANSWERED;
		a->status = (int)status;
		a->retry_after_ms = x->retry_after_ms;
		a->location = location_of(x);
		a->was_sent = true;
		a->body = buf_slice(&x->body);
		a->whole = rc == CURLE_OK && (x->on_body != NULL || x->seen == x->body.len);
		return;
	}
	a->trouble = name_trouble(x, rc, a->was_sent);
	a->failure = a->trouble >= HTTP_BAD_URL ? HTTP_MISCONFIGURED : HTTP_UNREACHABLE;
	a->error = x->error[0] != '\0' ? x->error : curl_easy_strerror(rc);
	if (rc == CURLE_OK)
		a->error = http_trouble_text(a->trouble);
	if (rc == CURLE_ABORTED_BY_CALLBACK || (rc == CURLE_COULDNT_CONNECT && a->was_sent))
		a->error = "the server closed a kept connection before it answered";
}
