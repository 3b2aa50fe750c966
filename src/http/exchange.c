/* exchange.c — one request on curl's easy handle: how it is set up, what is kept of its answer, and
 * what the library's verdict means.
 *
 * A request is put on the wire once. curl would send it again by itself when a kept connection is
 * closed under it; the server may have acted on the first by then, and only the owner may decide on
 * a repetition, so the second time is refused. */
#include <stdlib.h>
#include <strings.h>

#include "client_impl.h"
#include "clock.h"
#include "retry_after.h"
#include "units.h"

enum {
	BODY_BOUND = 1 << 20, /* what is read, beyond what is kept, to save the connection */
	STREAM_BOUND =
	        256 << 20, /* what a request with on_body is given: 50 times the metrics page of a
	                           * collector with 4,000 services, the most that it counts apart */
};

const char *http_trouble_text(enum http_trouble t)
{
	static const char *const texts[] = {
#define X(name, text) [name] = (text),
		HTTP_TROUBLES(X)
#undef X
	};

	return texts[t];
}

static bool url_fits(const char *url)
{
	CURLU *u = curl_url();
	char *scheme = NULL;
	bool fits = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	            curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	            (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);

	curl_free(scheme);
	curl_url_cleanup(u);
	return fits;
}

bool exchange_header_fits(const char *header)
{
	return strpbrk(header, "\r\n") == NULL;
}

static size_t on_body(char *at, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t room = x->keep - x->body.len, bound = x->on_body != NULL ? STREAM_BOUND : BODY_BOUND;

	x->seen += size * n;
	buf_add(&x->body, at, min_u64(size * n, room));
	if (x->on_body != NULL)
		x->on_body(x->arg, slice_of(at, size * n));
	return x->seen > x->keep + bound ? 0 : size * n;
}

static size_t on_header(char *at, size_t size, size_t n, void *arg)
{
	static const char retry_after[] = "Retry-After:";
	struct exchange *x = arg;
	long status = 0;

	size *= n;
	if (x->head_whole)
		return size; /* a trailer */
	if (size > 5 && strncasecmp(at, "HTTP/", 5) == 0)
		x->retry_after_ms = -1; /* what a 100 said is not of the answer */
	if (size > sizeof(retry_after) &&
	        strncasecmp(at, retry_after, sizeof(retry_after) - 1) == 0)
		x->retry_after_ms = retry_after_ms(
		        slice_of(at + sizeof(retry_after) - 1, size - sizeof(retry_after) + 1),
		        clock_wall_ms());
	if (size <= 2 && *at != ' ') {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		x->head_whole = status >= 200;
	}
	return size;
}

/* The connection stands and the request goes out next. */
static int on_ready_to_send(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct exchange *x = arg;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	return x->times_sent++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

struct exchange *exchange_new(CURL *model, CURLSH *share)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	list_init(&x->link);
	x->easy = curl_easy_duphandle(model);
	if (x->easy == NULL) {
		free(x);
		return NULL;
	}
	curl_easy_setopt(x->easy, CURLOPT_SHARE, share);
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, on_ready_to_send);
	curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
	request_body_attach(&x->upload, x->easy);
	return x;
}

/* Frees the exchange's own headers and leaves the shared ones alone. */
static void drop_headers(struct exchange *x)
{
	struct curl_slist **end = &x->headers;

	while (*end != NULL && *end != x->shared)
		end = &(*end)->next;
	*end = NULL;
	curl_slist_free_all(x->headers);
	x->headers = x->shared = NULL;
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	curl_easy_cleanup(x->easy);
	drop_headers(x);
	request_body_free(&x->upload);
	buf_free(&x->body);
	buf_free(&x->url);
	buf_free(&x->address);
	curl_slist_free_all(x->connect_to);
	free(x);
}

static int add_header(struct exchange *x, const char *header)
{
	struct curl_slist *longer;

	if (!exchange_header_fits(header))
		return E_USAGE;
	longer = curl_slist_append(x->headers, header);
	if (longer == NULL)
		return E_NOMEM;
	x->headers = longer;
	return 0;
}

static int make_headers(struct exchange *x, const struct http_request *r, struct curl_slist *shared)
{
	struct curl_slist *last;
	int rc = 0;

	drop_headers(x);
	if (r->content_type != NULL) {
		char type[256];

		if ((size_t)snprintf(type, sizeof(type), "Content-Type: %s", r->content_type) >=
		        sizeof(type))
			return E_USAGE;
		rc = add_header(x, type);
	}
	if (rc == 0 && r->gzip && request_body_in(r))
		rc = add_header(x, "Content-Encoding: gzip");
	for (const char *const *h = r->headers; rc == 0 && h != NULL && *h != NULL; h++)
		rc = add_header(x, *h);
	if (rc < 0)
		return rc;
	x->shared = shared;
	if (x->headers == NULL) {
		x->headers = shared;
		return 0;
	}
	for (last = x->headers; last->next != NULL;)
		last = last->next;
	last->next = shared;
	return 0;
}

static void forget_answer(struct exchange *x, size_t keep)
{
	x->began_us = clock_mono_us();
	buf_clear(&x->body);
	x->keep = keep == 0 ? HTTP_KEEP_BYTES : keep;
	x->seen = 0;
	x->times_sent = 0;
	x->retry_after_ms = -1;
	x->head_whole = false;
	x->error[0] = '\0';
}

/* Most requests go where the one before went: the URL stays and needs no second check. */
static int set_url(struct exchange *x, const char *url)
{
	if (x->url.len > 0 && slice_is(buf_slice(&x->url), url))
		return 0;
	buf_clear(&x->url);
	if (!url_fits(url))
		return E_USAGE;
	if (curl_easy_setopt(x->easy, CURLOPT_URL, url) != CURLE_OK)
		return E_NOMEM;
	buf_text(&x->url, url);
	return buf_check(&x->url);
}

/* Without the URL's host and port before it, the address holds for any (CURLOPT_CONNECT_TO). */
static int make_connect_to(struct exchange *x, const char *address)
{
	char line[sizeof("::") + sizeof(struct hostport)];
	struct hostport at;
	struct why why;

	if (units_hostport(address, &at, &why) < 0 || at.host[0] == '\0' || at.port == 0)
		return E_USAGE;
	snprintf(line, sizeof(line), "::%s", address);
	x->connect_to = curl_slist_append(NULL, line);
	buf_text(&x->address, address);
	return x->connect_to == NULL ? E_NOMEM : buf_check(&x->address);
}

static int set_address(struct exchange *x, const char *address)
{
	int rc = 0;

	if (slice_is(buf_slice(&x->address), address == NULL ? "" : address))
		return 0;
	curl_slist_free_all(x->connect_to);
	x->connect_to = NULL;
	buf_clear(&x->address);
	if (address != NULL)
		rc = make_connect_to(x, address);
	curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->connect_to);
	return rc;
}

int exchange_prepare(struct exchange *x, const struct http_request *r, struct curl_slist *shared)
{
	long connect_ms = r->connect_ms == 0 ? HTTP_CONNECT_MS : (long)r->connect_ms;
	long total_ms = r->total_ms == 0 ? HTTP_TOTAL_MS : (long)r->total_ms;
	int rc = make_headers(x, r, shared);

	if (rc == 0)
		rc = set_url(x, r->url);
	if (rc == 0)
		rc = set_address(x, r->address);
	if (rc == 0 && request_body_in(r))
		rc = request_body_set(&x->upload, r);
	if (rc < 0)
		return rc;
	forget_answer(x, r->keep);
	x->on_body = r->on_body;
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, total_ms);
	if (request_body_in(r))
		request_body_post(&x->upload, x->easy);
	else
		curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
	return 0;
}

static enum http_trouble trouble_of(CURLcode rc, const char *text, bool sent)
{
	/* Two that only the library's words tell apart: a connection that was lost while the two
	 * shook hands, and a server that shook hands and then wanted a certificate (TLS 1.3). */
	if (rc == CURLE_SSL_CONNECT_ERROR && strstr(text, "SSL_ERROR_SYSCALL") != NULL)
		return HTTP_BROKEN_OFF;
	if (rc == CURLE_RECV_ERROR && strstr(text, "SSL") != NULL &&
	        strstr(text, " alert ") != NULL)
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
		.new_connection = is_new_connection(x),
		.error = "",
	};
	if (x->head_whole) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		a->failure = HTTP_ANSWERED;
		a->status = (int)status;
		a->retry_after_ms = x->retry_after_ms;
		a->was_sent = true;
		a->body = buf_slice(&x->body);
		a->whole = rc == CURLE_OK && (x->on_body != NULL || x->seen == x->body.len);
		return;
	}
	a->trouble = trouble_of(rc, x->error, a->was_sent);
	name_error(x, rc);
	a->failure = a->trouble >= HTTP_BAD_URL ? HTTP_MISCONFIGURED : HTTP_UNREACHABLE;
	a->error = x->error[0] != '\0' ? x->error : curl_easy_strerror(rc);
	if (rc == CURLE_OK)
		a->error = http_trouble_text(a->trouble);
	if (rc == CURLE_ABORTED_BY_CALLBACK || (rc == CURLE_COULDNT_CONNECT && a->was_sent))
		a->error = "the server closed a kept connection before it answered";
}
