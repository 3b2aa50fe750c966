/* SPDX-License-Identifier: Apache-2.0 */
/* access_options.c — the rows of admin.http.* and metrics-*, and their checks. The address is a row of each command, because
 * its default is. */
#include <string.h>
#include <unistd.h>

#include "base/secret_file.h"
#include "http/access.h"
#include "http/credentials.h"

#define S struct access_settings
const struct conf_row access_rows[] = {
	CONF_BOOL(S, tls, "admin.http.tls.enabled", "false", "serve the admin port by https"),
	CONF_FILE_NAME(S, cert, "admin.http.tls.cert", "", "its certificate, and the chain behind it, PEM"),
	CONF_FILE_NAME(S, key, "admin.http.tls.key", "", "its key, PEM"),
	CONF_FILE_NAME(S, client_ca, "admin.http.tls.client-ca", "",
	        "authorities of the certificate that clients must show, PEM"),
	CONF_TEXT(S, cipher_suites, "admin.http.tls.cipher-suites", "", "names of IANA, with commas between"),
	CONF_TEXT(S, min_version, "admin.http.tls.min-version", "", "1.0, 1.1, 1.2 or 1.3; empty is 1.2"),
	CONF_TEXT(S, max_version, "admin.http.tls.max-version", "", "the same; empty is 1.3"),
	CONF_TEXT(S, user, "admin.http.user", "", "name that the pages want, but for / and /health/*"),
	CONF_FILE_NAME(S, password_file, "admin.http.password-file", "", "file with its password"),
	CONF_FILE_NAME(S, bearer_file, "admin.http.bearer-file", "", "file with a token that is taken as well"),
	CONF_CHOICE(
	        S, metrics, "metrics-backend", "prometheus|none", "prometheus", "none: there is no page of metrics"),
	CONF_TEXT(S, metrics_route, "metrics-http-route", "/metrics", "path of the page of metrics"),
	CONF_END,
};
#undef S

static int check_needs_tls(const struct conf *c, const struct access_settings *set, struct why *why)
{
	const struct {
		const char *option, *value;
	} options[] = {
		{ "admin.http.tls.cert", set->cert },
		{ "admin.http.tls.key", set->key },
		{ "admin.http.tls.client-ca", set->client_ca },
		{ "admin.http.tls.cipher-suites", set->cipher_suites },
		{ "admin.http.tls.min-version", set->min_version },
		{ "admin.http.tls.max-version", set->max_version },
	};

	for (size_t i = 0; !set->tls && i < ARRAY_LEN(options); i++) {
		if (options[i].value[0] == '\0')
			continue;
		why_set(why, E_USAGE, "cannot be used while admin.http.tls.enabled is false");
		return conf_add_source(c, options[i].option, why);
	}
	return 0;
}

static int check_files(const struct conf *c, const struct access_settings *set, struct why *why)
{
	const struct {
		const char *option, *path;
		enum credential kind;
	} files[] = {
		{ "admin.http.tls.cert", set->cert, CREDENTIAL_CERT },
		{ "admin.http.tls.key", set->key, CREDENTIAL_KEY },
		{ "admin.http.tls.client-ca", set->client_ca, CREDENTIAL_CA },
		{ "admin.http.password-file", set->password_file, CREDENTIAL_PASSWORD },
		{ "admin.http.bearer-file", set->bearer_file, CREDENTIAL_BEARER },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (files[i].path[0] != '\0' && credential_check(files[i].kind, files[i].path, why) < 0)
			return conf_add_source(c, files[i].option, why);
	return 0;
}

static int check_tls(const struct conf *c, const struct access_settings *set, struct why *why)
{
	struct buf ignored = { 0 };
	int rc;

	if (!set->tls)
		return check_needs_tls(c, set, why);
	if (set->cert[0] == '\0' || set->key[0] == '\0') {
		why_set(why, E_USAGE, "needs admin.http.tls.cert and admin.http.tls.key");
		return conf_add_source(c, "admin.http.tls.enabled", why);
	}
	rc = server_tls_priorities("", set->min_version, set->max_version, &ignored, why);
	if (rc < 0)
		conf_add_source(c,
		        set->min_version[0] == '\0' ? "admin.http.tls.max-version" : "admin.http.tls.min-version", why);
	buf_clear(&ignored);
	if (rc == 0 && server_tls_priorities(set->cipher_suites, set->min_version, set->max_version, &ignored, why) < 0)
		rc = conf_add_source(c, "admin.http.tls.cipher-suites", why);
	buf_free(&ignored);
	return rc;
}

static int check_login(const struct conf *c, const struct access_settings *set, struct why *why)
{
	if (strchr(set->user, ':') != NULL) {
		why_set(why, E_USAGE, "a name has no colon in it; the password stands in admin.http.password-file");
		return conf_add_source(c, "admin.http.user", why);
	}
	if (set->user[0] != '\0' && set->password_file[0] == '\0') {
		why_set(why, E_USAGE, "needs admin.http.password-file");
		return conf_add_source(c, "admin.http.user", why);
	}
	if (set->user[0] == '\0' && set->password_file[0] != '\0') {
		why_set(why, E_USAGE, "a password without admin.http.user");
		return conf_add_source(c, "admin.http.password-file", why);
	}
	return 0;
}

/* Appends the content of PATH. *IS_PIPE: it is one, which can be read once only, and not now. */
static int read_pem(const char *path, struct buf *to, bool *is_pipe, struct why *why)
{
	int fd = secret_file_open(path, is_pipe, why), rc = 0;

	if (fd < 0)
		return fd;
	if (!*is_pipe)
		rc = secret_file_pem(fd, path, to, why);
	close(fd);
	return rc;
}

/* Reads certificate, key and client authorities as a start does, unless one is a pipe. */
static int try_certificates(const struct access_settings *set, struct why *why)
{
	const char *paths[] = { set->cert, set->key, set->client_ca };
	struct buf texts[ARRAY_LEN(paths)] = { 0 };
	bool any_pipe = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(paths); i++) {
		bool is_pipe = false;

		if (paths[i][0] != '\0')
			rc = read_pem(paths[i], &texts[i], &is_pipe, why);
		any_pipe |= is_pipe;
	}
	if (rc == 0 && !any_pipe) {
		struct http_tls tls = { .cert = buf_cstr(&texts[0]), .key = buf_cstr(&texts[1]) };

		tls.client_ca = texts[2].len == 0 ? NULL : buf_cstr(&texts[2]);
		rc = server_tls_check(&tls, why);
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_free(&texts[i]);
	return rc;
}

static int check_pair(const struct conf *c, const struct access_settings *set, struct why *why)
{
	return !set->tls || try_certificates(set, why) == 0 ? 0 : conf_add_source(c, "admin.http.tls.cert", why);
}

int access_check(const struct conf *c, const struct access_settings *set, struct why *why)
{
	if (check_tls(c, set, why) < 0 || check_login(c, set, why) < 0 || check_files(c, set, why) < 0)
		return why->code;
	return check_pair(c, set, why);
}
