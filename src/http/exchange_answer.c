/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_answer.c — converts curl's result of a request to an http_answer. */
#include <string.h>

#include "client_internal.h"
#include "base/clock.h"
#include "base/descriptors.h"

static enum http_fault classify_error(CURLcode rc, const char *text, bool sent)
{
	/* Only curl's text tells these two apart: a connection lost during the TLS handshake, and a server that asks
	 * for a certificate after the handshake (TLS 1.3). */
	if (rc == CURLE_SSL_CONNECT_ERROR && strstr(text, "SSL_ERROR_SYSCALL") != NULL)
		return HTTP_BROKEN_OFF;
	if (rc == CURLE_RECV_ERROR && strstr(text, "SSL") != NULL && strstr(text, " alert ") != NULL)
		return HTTP_TLS;
	switch (rc) {
	case CURLE_URL_MALFORMAT:
		return HTTP_BAD_URL;
	case CURLE_UNSUPPORTED_PROTOCOL: /* also returned for an answer without a status line */
		return sent ? HTTP_NOT_HTTP : HTTP_BAD_URL;
	case CURLE_WEIRD_SERVER_REPLY:
		return HTTP_NOT_HTTP;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_UNKNOWN_HOST;
	case CURLE_COULDNT_CONNECT: /* after sending, curl's second attempt found no server */
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
	default: /* CURLE_OK too: curl accepts an incomplete head */
		return HTTP_BROKEN_OFF;
	}
}

/* CURLINFO_REQUEST_SIZE is of the easy handle's last transfer, which may be that of an earlier request. */
static bool was_sent(const struct exchange *x)
{
	long bytes = 0;

	curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &bytes);
	return x->times_sent > 1 || (x->times_sent == 1 && bytes > 0);
}

/* Replaces curl's text of a failed connect, which does not say why, by that of its errno. */
static void set_connect_error(struct exchange *x, CURLcode rc)
{
	long number = 0;

	curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &number);
	if (rc == CURLE_COULDNT_CONNECT && number != 0)
		snprintf(x->error, sizeof(x->error), "%s", strerror((int)number));
}

/* A DNS lookup and reading a CA file need a descriptor: without one curl's errors would point to the collector's
 * name or certificate. */
static bool lacked_descriptor(const struct exchange *x, enum http_fault fault)
{
	if (descriptors_lacked(x->socket_error))
		return fault == HTTP_NO_CONNECTION;
	return (fault == HTTP_UNKNOWN_HOST || fault == HTTP_TLS || fault == HTTP_NO_CONNECTION) &&
	       descriptors_used_up();
}

/* Why X got no answer; sets its text in x->error. */
static enum http_fault explain_failure(struct exchange *x, CURLcode rc, bool sent)
{
	enum http_fault fault = classify_error(rc, x->error, sent);

	if (!sent && lacked_descriptor(x, fault)) {
		descriptors_sentence(x->error);
		return HTTP_NO_DESCRIPTOR;
	}
	set_connect_error(x, rc);
	return fault;
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

void exchange_answer(struct exchange *x, CURLcode rc, struct http_answer *a)
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
	if (x->head_complete) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		a->failure = HTTP_ANSWERED;
		a->status = (int)status;
		a->retry_after_ms = x->retry_after_ms;
		a->location = location_of(x);
		a->was_sent = true;
		a->body = buf_slice(&x->body);
		a->whole = rc == CURLE_OK && (x->on_body != NULL || x->received == x->body.len);
		return;
	}
	a->fault = explain_failure(x, rc, a->was_sent);
	a->failure = a->fault >= HTTP_BAD_URL ? HTTP_MISCONFIGURED : HTTP_UNREACHABLE;
	a->error = x->error[0] != '\0' ? x->error : curl_easy_strerror(rc);
	if (rc == CURLE_OK)
		a->error = http_fault_text(a->fault);
	if (rc == CURLE_ABORTED_BY_CALLBACK || (rc == CURLE_COULDNT_CONNECT && a->was_sent))
		a->error = "the server closed a kept connection before it answered";
}
