/* client_model.c — the options of a client become the easy handle that every request is a copy of. */
#include <config.h>

#include <errno.h>
#include <unistd.h>

#include "client_impl.h"

enum { READ_BYTES = 8 << 10 };

static int check_file(const char *path, struct why *why)
{
	if (path != NULL && access(path, R_OK) < 0)
		return why_set(why, err_from_errno(errno), "%s: %m", path);
	return 0;
}

int http_client_check(const struct http_client_opts *o, struct why *why)
{
	if (o->user != NULL && o->bearer != NULL)
		return why_set(why, E_USAGE, "a user and a bearer token exclude each other");
	if ((o->cert == NULL) != (o->key == NULL))
		return why_set(why, E_USAGE, "a certificate and its key belong together");
	for (const char *const *h = o->headers; h != NULL && *h != NULL; h++)
		if (!exchange_header_fits(*h) || strchr(*h, ':') == NULL)
			return why_set(
			        why, E_USAGE, "\"%s\" is not a header (try \"Name: value\")", *h);
	if (check_file(o->ca, why) < 0 || check_file(o->cert, why) < 0 ||
	        check_file(o->key, why) < 0)
		return why->code;
	return 0;
}

/* The options of a string; NULL leaves the default. */
static bool set_texts(CURL *m, const struct http_client_opts *o)
{
	const struct {
		CURLoption option;
		const char *text;
	} texts[] = {
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_PROXY, "" }, /* the environment sends no trace elsewhere */
		{ CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION },
		{ CURLOPT_USERPWD, o->user },
		{ CURLOPT_XOAUTH2_BEARER, o->bearer },
		{ CURLOPT_CAINFO, o->ca },
		{ CURLOPT_SSLCERT, o->cert },
		{ CURLOPT_SSLKEY, o->key },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].text != NULL &&
		        curl_easy_setopt(m, texts[i].option, texts[i].text) != CURLE_OK)
			return false;
	return true;
}

int client_model(CURL **model, const struct http_client_opts *o, struct why *why)
{
	CURL *m = *model = curl_easy_init();

	if (m == NULL || !set_texts(m, o))
		return why_set(why, E_NOMEM, "http client");
	curl_easy_setopt(m, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(m, CURLOPT_QUICK_EXIT, 1L); /* giving up never waits for a name server */
	curl_easy_setopt(m, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(m, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(m, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(m, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
	curl_easy_setopt(m, CURLOPT_HTTPAUTH, o->bearer != NULL ? CURLAUTH_BEARER : CURLAUTH_BASIC);
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
