/* collector_options.h — the options of the way to collectors, which agent and drain have alike. */
#ifndef COLLECTOR_OPTIONS_H
#define COLLECTOR_OPTIONS_H

#include "options.h"
#include "postman.h"
#include "status.h"

struct collector_settings {
	struct conf_list urls;
	const char *user;
	const char *password_file;
	const char *bearer_file;
	const char *ca;
	const char *cert;
	const char *key;
	struct conf_list headers;
	uint64_t timeout_us;
};

extern const struct conf_row collector_rows[];

/* Checks addresses, headers, credentials that exclude each other, halves of a pair, and reads every file.
 * 0, or E_USAGE that names the option and no secret. */
int collector_check(
        const struct conf *c, const struct collector_settings *set, struct why *why) MUST_USE;

/* Fills in addresses, client and time-outs of TO; borrows from SET. */
void collector_postman_opts(const struct collector_settings *set, struct postman_opts *to);

/* Appends the addresses without user, password, path and query: "http://a:14268, http://b:14268". */
void collector_names(const struct collector_settings *set, struct buf *to);

/* Appends the requests by their answers as the counter spanspool_NAME{code}. */
void collector_metrics(const struct postman_stats *s, const char *name, struct buf *to);

/* One line of PAGE for each collector: its address, or why it takes nothing. */
void collector_status(const struct postman *p, struct status *page);

#endif
