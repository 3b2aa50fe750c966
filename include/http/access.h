/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read the pages of the admin port, the certificates that it shows, and their options, which agent and drain
 * share. */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "config/conf.h"
#include "http/server.h"

enum metrics_backend { METRICS_PROMETHEUS, METRICS_NONE };

struct access_settings {
	bool tls;
	const char *cert, *key, *client_ca; /* paths, PEM */
	const char *cipher_suites;
	const char *min_version, *max_version;
	const char *user;
	const char *password_file;
	const char *bearer_file;
	enum metrics_backend metrics;
	const char *metrics_route;
};

extern const struct conf_row access_rows[];

/* Checks what excludes or requires each other, and reads every file. 0, or E_USAGE with the option's name and without
 * secrets. */
int access_check(const struct conf *c, const struct access_settings *set, struct why *why) MUST_USE;

struct access;

/* SET is borrowed. CHANGED is called on the loop when the certificates may have changed. Files are read now, and again
 * within seconds of a change. */
int access_open(struct access **out, struct loop *l, const struct access_settings *set, void (*changed)(void *arg),
        void *arg, struct why *why) MUST_USE;
/* A may be NULL. */
void access_free(struct access *a);

/* True for a request that SET's user or token allows, and for the paths of health probes; else REPLY is a 401. */
bool access_allows(const struct access *a, const struct http_call *call, struct http_reply *reply);

/* TLS as the files are now, in TO, which borrows from A until the next call; *TLS is TO, or NULL for a plain port. */
int access_tls(struct access *a, struct http_tls *to, const struct http_tls **tls, struct why *why) MUST_USE;

#endif
