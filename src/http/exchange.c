/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c — sets up one request on a curl easy handle, and collects its answer.
 *
 * A request is sent once. curl would send it again by itself when the server closes a kept connection; the server
 * may have acted on the first copy, and only the owner may decide on a repetition, so on_ready_to_send() refuses the
 * second time. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "client_internal.h"
#include "base/clock.h"
#include "retry_after.h"
#include "base/units.h"

enum {
	BODY_BOUND = 1 << 20, /* bytes read beyond KEEP, so that the connection can be reused */
	STREAM_BOUND =
	        256
	        << 20, /* most bytes passed to on_body: 50 times the metrics page of a collector with 4,000 services, the most that it counts separately */
};

const char *http_fault_text(enum http_fault t)
{
	static const char *const texts[] = {
#define X(name, text) [name] = (text),
		HTTP_FAULTS(X)
#undef X
	};

	return texts[t];
}

bool exchange_header_fits(const char *header)
{
	return strpbrk(header, "\r\n") == NULL;
}

static size_t on_body(char *at, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t room = x->keep - x->body.len, bound = x->on_body != NULL ? STREAM_BOUND : BODY_BOUND;

	x->received += size * n;
	buf_add(&x->body, at, min_u64(size * n, room));
	if (x->on_body != NULL)
		x->on_body(x->arg, slice_of(at, size * n));
	return x->received > x->keep + bound ? 0 : size * n;
}

static size_t on_header(char *at, size_t size, size_t n, void *arg)
{
	static const char retry_after[] = "Retry-After:";
	struct exchange *x = arg;
	long status = 0;

	size *= n;
	if (x->head_complete)
		return size; /* ignore trailers */
	if (size > 5 && strncasecmp(at, "HTTP/", 5) == 0)
		x->retry_after_ms = -1; /* drop the header of an interim 1xx response */
	if (size > sizeof(retry_after) && strncasecmp(at, retry_after, sizeof(retry_after) - 1) == 0)
		x->retry_after_ms = retry_after_ms(
		        slice_of(at + sizeof(retry_after) - 1, size - sizeof(retry_after) + 1), clock_wall_ms());
	if (size <= 2 && *at != ' ') {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
		x->head_complete = status >= 200;
	}
	return size;
}

/* curl calls this when the connection is ready and the request is sent next. */
static int on_ready_to_send(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct exchange *x = arg;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	return x->times_sent++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Opens curl's sockets, because curl does not report the errno of a failed socket(). */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct exchange *x = arg;
	int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);

	(void)purpose;
	if (fd < 0)
		x->socket_error = errno;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
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
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETDATA, x);
	request_body_attach(&x->upload, x->easy);
	return x;
}

/* Frees the request's own headers, not the shared ones. */
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
	buf_free(&x->host);
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

		if ((size_t)snprintf(type, sizeof(type), "Content-Type: %s", r->content_type) >= sizeof(type))
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

static void reset_answer(struct exchange *x, size_t keep)
{
	x->began_us = clock_mono_us();
	buf_clear(&x->body);
	x->keep = keep == 0 ? HTTP_KEEP_BYTES : keep;
	x->received = 0;
	x->times_sent = 0;
	x->retry_after_ms = -1;
	x->head_complete = false;
	x->socket_error = 0;
	x->error[0] = '\0';
}

/* Makes NAME the host of the https URL U, and keeps the host and port to connect to in x->host. */
static int set_server_name(struct exchange *x, CURLU *u, const char *name)
{
	char *host = NULL, *port = NULL;
	bool good = curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	            curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	            curl_url_set(u, CURLUPART_HOST, name, 0) == CURLUE_OK;

	if (good)
		buf_printf(&x->host, "%s:%s", host, port);
	curl_free(host);
	curl_free(port);
	return good ? buf_check(&x->host) : E_USAGE;
}

/* Sets the URL U, of https with SERVER_NAME as its host unless that is NULL. */
static int set_parsed_url(struct exchange *x, CURLU *u, const char *server_name)
{
	char *scheme = NULL, *text = NULL;
	bool https;
	int rc = 0;

	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return E_USAGE;
	https = strcasecmp(scheme, "https") == 0;
	if (!https && strcasecmp(scheme, "http") != 0)
		rc = E_USAGE;
	else if (https && server_name != NULL)
		rc = set_server_name(x, u, server_name);
	if (rc == 0 && (curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK ||
	                       curl_easy_setopt(x->easy, CURLOPT_URL, text) != CURLE_OK))
		rc = E_NOMEM;
	curl_free(scheme);
	curl_free(text);
	return rc;
}

/* Most requests use the URL of the last one: it stays set and is not validated again. */
static int set_url(struct exchange *x, const char *url, const char *server_name)
{
	CURLU *u;
	int rc;

	if (x->url.len > 0 && slice_is(buf_slice(&x->url), url))
		return 0;
	buf_clear(&x->url);
	buf_clear(&x->host);
	u = curl_url();
	rc = u == NULL                                             ? E_NOMEM
	     : curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ? E_USAGE
	                                                           : set_parsed_url(x, u, server_name);
	curl_url_cleanup(u);
	if (rc < 0)
		return rc;
	buf_text(&x->url, url);
	return buf_check(&x->url);
}

/* "::ADDRESS": with an empty host and port CURLOPT_CONNECT_TO applies to any URL. */
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

int exchange_prepare(
        struct exchange *x, const struct http_request *r, struct curl_slist *shared, const char *server_name)
{
	long connect_ms = r->connect_ms == 0 ? HTTP_CONNECT_MS : (long)r->connect_ms;
	long total_ms = r->total_ms == 0 ? HTTP_TOTAL_MS : (long)r->total_ms;
	int rc = make_headers(x, r, shared);

	if (rc == 0)
		rc = set_url(x, r->url, server_name);
	if (rc == 0)
		rc = set_address(x, r->address != NULL ? r->address : x->host.len > 0 ? buf_cstr(&x->host) : NULL);
	if (rc == 0 && request_body_in(r))
		rc = request_body_set(&x->upload, r);
	if (rc < 0)
		return rc;
	reset_answer(x, r->keep);
	x->on_body = r->on_body;
	x->gzip = r->gzip && request_body_in(r);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, total_ms);
	if (request_body_in(r))
		request_body_post(&x->upload, x->easy);
	else
		curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
	return 0;
}
