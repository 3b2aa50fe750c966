/* SPDX-License-Identifier: Apache-2.0 */
/* access.c — compares each request with the user's password and the token, and has the certificates.
 *
 * Probes of a kubelet, a balancer or a systemd timer carry no secret, so / and /health/ answer without: they tell that
 * the process serves, and which part is not well. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/access.h"
#include "http/credentials.h"

enum { REFRESH_MS = 5000 };

struct access {
	const struct access_settings *set;
	struct credentials *files;
	struct timer *refresh; /* NULL: there are no files */
	void (*changed)(void *arg);
	void *arg;
	struct buf texts[CREDENTIALS_N]; /* of access_tls, which need a NUL at the end */
	struct buf priorities;
};

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static void on_refresh(void *arg)
{
	struct access *a = arg;

	credentials_refresh(a->files);
	timer_start(a->refresh, REFRESH_MS);
}

static void on_changed(void *arg)
{
	struct access *a = arg;

	if (a->set->tls)
		a->changed(a->arg);
}

int access_open(struct access **out, struct loop *l, const struct access_settings *set, void (*changed)(void *arg),
        void *arg, struct why *why)
{
	const char *paths[CREDENTIALS_N] = {
		[CREDENTIAL_PASSWORD] = or_null(set->password_file),
		[CREDENTIAL_BEARER] = or_null(set->bearer_file),
		[CREDENTIAL_CA] = or_null(set->client_ca),
		[CREDENTIAL_CERT] = or_null(set->cert),
		[CREDENTIAL_KEY] = or_null(set->key),
	};
	struct access *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return why_set(why, E_NOMEM, "admin port");
	a->set = set;
	a->changed = changed;
	a->arg = arg;
	if (credentials_open(&a->files, l, paths, on_changed, a, why) < 0) {
		access_free(a);
		return why->code;
	}
	if (set->tls || set->user[0] != '\0' || set->bearer_file[0] != '\0') {
		if (timer_open(&a->refresh, l, on_refresh, a) < 0) {
			access_free(a);
			return why_set(why, E_NOMEM, "admin port");
		}
		timer_start(a->refresh, REFRESH_MS);
	}
	*out = a;
	return 0;
}

void access_free(struct access *a)
{
	if (a == NULL)
		return;
	timer_free(a->refresh);
	credentials_free(a->files);
	for (size_t i = 0; i < CREDENTIALS_N; i++)
		buf_free(&a->texts[i]);
	buf_free(&a->priorities);
	free(a);
}

/* ---- requests ---- */

static bool is_open_to_all(const char *path)
{
	return strcmp(path, "/") == 0 || strncmp(path, "/health/", 8) == 0;
}

/* Takes the same time wherever the two differ. */
static bool is_same_secret(struct slice a, const char *b)
{
	size_t len = strlen(b);
	unsigned char differ = a.len != len;

	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)b[i] ^ (a.len == 0 ? 1 : a.at[i % a.len]);
	return differ == 0;
}

/* The credentials of an Authorization header behind its SCHEME; NULL: it has another one. */
static const char *behind_scheme(const char *header, const char *scheme)
{
	size_t len = strlen(scheme);

	if (header == NULL || strncasecmp(header, scheme, len) != 0 || header[len] != ' ')
		return NULL;
	return header + len + strspn(header + len, " ");
}

static bool has_password(const struct access *a, const char *header)
{
	const struct buf *password = credentials_get(a->files, CREDENTIAL_PASSWORD);
	const char *given = behind_scheme(header, "Basic");
	struct buf pair = { 0 }, encoded = { 0 };
	bool same;

	if (a->set->user[0] == '\0' || given == NULL)
		return false;
	buf_printf(&pair, "%s:", a->set->user);
	buf_add(&pair, password->at, password->len);
	buf_base64(&encoded, buf_slice(&pair));
	same = buf_check(&pair) == 0 && buf_check(&encoded) == 0 && is_same_secret(buf_slice(&encoded), given);
	buf_free(&pair);
	buf_free(&encoded);
	return same;
}

static bool has_token(const struct access *a, const char *header)
{
	const struct buf *token = credentials_get(a->files, CREDENTIAL_BEARER);
	const char *given = behind_scheme(header, "Bearer");

	return token->len > 0 && given != NULL && is_same_secret(buf_slice(token), given);
}

bool access_allows(const struct access *a, const struct http_call *call, struct http_reply *reply)
{
	bool by_password = a->set->user[0] != '\0', by_token = a->set->bearer_file[0] != '\0';
	const char *header;

	if ((!by_password && !by_token) || is_open_to_all(call->path))
		return true;
	header = http_call_header(call, "Authorization");
	if (has_password(a, header) || has_token(a, header))
		return true;
	http_reply_error(reply, 401,
	        "a user with a password, or a token, is needed: see admin.http.user and admin.http.bearer-file");
	reply->headers[2] = "WWW-Authenticate";
	reply->headers[3] = by_password ? "Basic realm=\"spanspool\"" : "Bearer realm=\"spanspool\"";
	reply->headers[4] = NULL;
	return false;
}

/* ---- TLS ---- */

int access_tls(struct access *a, struct http_tls *to, const struct http_tls **tls, struct why *why)
{
	const struct access_settings *set = a->set;
	static const enum credential kinds[] = { CREDENTIAL_CA, CREDENTIAL_CERT, CREDENTIAL_KEY };

	*tls = NULL;
	if (!set->tls)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct buf *content = credentials_get(a->files, kinds[i]);

		buf_clear(&a->texts[kinds[i]]);
		buf_add(&a->texts[kinds[i]], content->at, content->len);
		if (buf_check(&a->texts[kinds[i]]) < 0)
			return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	}
	buf_clear(&a->priorities);
	if (server_tls_priorities(set->cipher_suites, set->min_version, set->max_version, &a->priorities, why) < 0)
		return why->code;
	*to = (struct http_tls){
		.cert = buf_cstr(&a->texts[CREDENTIAL_CERT]),
		.key = buf_cstr(&a->texts[CREDENTIAL_KEY]),
		.client_ca = set->client_ca[0] == '\0' ? NULL : buf_cstr(&a->texts[CREDENTIAL_CA]),
		.priorities = buf_cstr(&a->priorities),
	};
	*tls = to;
	return 0;
}
