/* SPDX-License-Identifier: Apache-2.0 */
/* client_model.c — builds the easy handle that every request copies from the client's options. */
#include <config.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "client_internal.h"

/* A DNS entry is cached for NAME_S and a connection used for LIFE_S: a new address is used after at most their sum
 * and one request. GONE_MS: a connection with bytes unacknowledged for so long is closed. */
enum { READ_BYTES = 8 << 10, NAME_S = 5, LIFE_S = 4, GONE_MS = 8000, SYSTEM_CA_S = 10 };

int http_client_check(const struct http_client_opts *o, struct why *why)
{
	const char *const *files = o->files;

	if (o->user != NULL && files[CREDENTIAL_BEARER] != NULL)
		return why_set(why, E_USAGE, "a user and a bearer token exclude each other");
	if (o->user == NULL && files[CREDENTIAL_PASSWORD] != NULL)
		return why_set(why, E_USAGE, "a password without a user");
	if (o->user != NULL && strchr(o->user, ':') != NULL)
		return why_set(why, E_USAGE, "a user's name has no colon in it");
	if ((files[CREDENTIAL_CERT] == NULL) != (files[CREDENTIAL_KEY] == NULL))
		return why_set(why, E_USAGE, "a certificate and its key belong together");
	for (const char *const *h = o->headers; h != NULL && *h != NULL; h++)
		if (!exchange_header_fits(*h) || strchr(*h, ':') == NULL)
			return why_set(
			        why, E_USAGE, "header %d is not one line \"Name: value\"", (int)(h - o->headers) + 1);
	return 0;
}

/* Sets the string options; NULL leaves the default. */
static bool set_texts(CURL *m, const struct http_client_opts *o, struct buf *password, struct buf *bearer)
{
	const struct {
		CURLoption option;
		const char *text;
	} texts[] = {
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_PROXY, "" },    /* no proxy from the environment */
		{ CURLOPT_NOPROXY, "*" }, /* and no read of the environment per request */
		{ CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION },
		{ CURLOPT_USERNAME, o->user },
		{ CURLOPT_PASSWORD, o->user == NULL ? NULL : buf_cstr(password) },
		{ CURLOPT_XOAUTH2_BEARER, bearer->len == 0 ? NULL : buf_cstr(bearer) },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].text != NULL && curl_easy_setopt(m, texts[i].option, texts[i].text) != CURLE_OK)
			return false;
	return true;
}

/* Certificates are passed as bytes, so that no TLS handshake reads files on the loop. */
static bool set_blobs(CURL *m, const struct credentials *c)
{
	static const struct {
		CURLoption option;
		enum credential kind;
	} blobs[] = {
		{ CURLOPT_CAINFO_BLOB, CREDENTIAL_CA },
		{ CURLOPT_SSLCERT_BLOB, CREDENTIAL_CERT },
		{ CURLOPT_SSLKEY_BLOB, CREDENTIAL_KEY },
	};

	for (size_t i = 0; i < ARRAY_LEN(blobs); i++) {
		const struct buf *b = credentials_get(c, blobs[i].kind);
		struct curl_blob blob = { b->at, b->len, CURL_BLOB_COPY };

		if (b->len > 0 && curl_easy_setopt(m, blobs[i].option, &blob) != CURLE_OK)
			return false;
	}
	return true;
}

static bool set_credentials(CURL *m, const struct http_client_opts *o, const struct credentials *c)
{
	struct buf password = { 0 }, bearer = { 0 };
	bool good;

	buf_add(&password, credentials_get(c, CREDENTIAL_PASSWORD)->at, credentials_get(c, CREDENTIAL_PASSWORD)->len);
	buf_add(&bearer, credentials_get(c, CREDENTIAL_BEARER)->at, credentials_get(c, CREDENTIAL_BEARER)->len);
	good = buf_check(&password) == 0 && buf_check(&bearer) == 0 && set_texts(m, o, &password, &bearer) &&
	       set_blobs(m, c);
	buf_free(&password);
	buf_free(&bearer);
	return good;
}

/* Detects a peer that has vanished without a reset, as after its address has moved. */
static int on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned gone_ms = GONE_MS;

	(void)arg;
	if (purpose == CURLSOCKTYPE_IPCXN)
		(void)!setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms, sizeof(gone_ms));
	return CURL_SOCKOPT_OK;
}

int client_model(CURL **model, const struct http_client_opts *o, const struct credentials *c, struct why *why)
{
	CURL *m = *model = curl_easy_init();

	if (m == NULL || !set_credentials(m, o, c))
		return why_set(why, E_NOMEM, "http client");
	curl_easy_setopt(m, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(m, CURLOPT_QUICK_EXIT, 1L); /* cleanup does not wait for a resolver thread */
	curl_easy_setopt(m, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(m, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(m, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(m, CURLOPT_SSL_VERIFYPEER, o->skip_host_verify ? 0L : 1L);
	curl_easy_setopt(m, CURLOPT_SSL_VERIFYHOST, o->skip_host_verify ? 0L : 2L);
	curl_easy_setopt(m, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
	curl_easy_setopt(m, CURLOPT_HTTPAUTH, o->files[CREDENTIAL_BEARER] != NULL ? CURLAUTH_BEARER : CURLAUTH_BASIC);
	curl_easy_setopt(m, CURLOPT_DNS_CACHE_TIMEOUT, (long)NAME_S);
	curl_easy_setopt(m, CURLOPT_MAXLIFETIME_CONN, (long)LIFE_S);
	/* CREDENTIAL_CA replaces the system's CA certificates. The system's are read from the bundle file only and
	 * cached for SYSTEM_CA_S: with CURLOPT_CAPATH set, curl would read the bundle, which takes some 50 ms, for
	 * each connection. */
	curl_easy_setopt(m, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(m, CURLOPT_CA_CACHE_TIMEOUT, (long)SYSTEM_CA_S);
	curl_easy_setopt(m, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
	return 0;
}

const char *http_client_libcurl_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

const char *http_client_tls_version(void)
{
	const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return tls == NULL ? "none" : tls;
}
