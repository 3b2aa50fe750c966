/* collector_check.c — finds the option that is at fault, where the HTTP client knows only its value. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector_check.h"
#include "endpoint.h"

int collector_check_urls(const struct conf *c, const char *const *urls, size_t n, struct why *why)
{
	int rc = n == 0 ? why_set(why, E_USAGE, "no collector is named") : 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct buf url = { 0 }, name = { 0 };

		rc = endpoint_read(urls[i], &url, &name, why);
		buf_free(&url);
		buf_free(&name);
	}
	return rc == 0 ? 0 : conf_blame(c, "collector.url", why);
}

static int check_file(const struct conf *c, const char *option, const char *path, struct why *why)
{
	struct stat st;

	if (path == NULL)
		return 0;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0)
		why_set(why, E_USAGE, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		why_set(why, E_USAGE, "%s is a directory, not a file", path);
	else
		return 0;
	return conf_blame(c, option, why);
}

static int check_pairs(const struct conf *c, const struct http_client_opts *o, struct why *why)
{
	if (o->user != NULL && o->bearer != NULL) {
		why_set(why, E_USAGE,
		        "a token and collector.user exclude each other: one request has one "
		        "Authorization header");
		return conf_blame(c, "collector.bearer-file", why);
	}
	if (o->cert != NULL && o->key == NULL) {
		why_set(why, E_USAGE, "a certificate needs its key, in collector.key");
		return conf_blame(c, "collector.cert", why);
	}
	if (o->key != NULL && o->cert == NULL) {
		why_set(why, E_USAGE, "a key needs its certificate, in collector.cert");
		return conf_blame(c, "collector.key", why);
	}
	return 0;
}

int collector_check_client(const struct conf *c, const struct http_client_opts *o, struct why *why)
{
	if (check_pairs(c, o, why) < 0 || check_file(c, "collector.ca", o->ca, why) < 0 ||
	        check_file(c, "collector.cert", o->cert, why) < 0 ||
	        check_file(c, "collector.key", o->key, why) < 0)
		return why->code;
	if (http_client_check(o, why) < 0) /* of what is left, the headers */
		return conf_blame(c, "collector.header", why);
	return 0;
}
