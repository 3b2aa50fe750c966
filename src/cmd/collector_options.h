/* SPDX-License-Identifier: Apache-2.0 */
/* collector_options.h — the options of the way to collectors, which agent and drain have alike. */
#ifndef COLLECTOR_OPTIONS_H
#define COLLECTOR_OPTIONS_H

#include "exporter/exporter.h"
#include "options.h"
#include "admin/status.h"

enum collector_compression { COLLECTOR_PLAIN, COLLECTOR_GZIP };

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
	enum confirmer_mode confirm;
	struct conf_list metrics_urls; /* none, or one for each of urls */
	uint64_t confirm_attempts;
	uint64_t max_batch_spans;
	uint64_t max_batch_bytes;
	enum collector_compression compression;
	const char *max_spans_per_second; /* "auto" or a number; see collector_rate */
};

extern const struct conf_row collector_rows[];

/* Checks addresses, headers, credentials that exclude each other, halves of a pair, and reads every file.
 * 0, or E_USAGE that names the option and no secret. */
int collector_check(const struct conf *c, const struct collector_settings *set, struct why *why) MUST_USE;

/* The most spans a second, 0 for no limit. AUTO: the operator leaves it to what confirms deliveries, and where
 * nothing does, to replay_pace. E_USAGE says what is no number. */
int collector_rate(const struct collector_settings *set, uint64_t *per_s, bool *automatic, struct why *why) MUST_USE;

/* Fills in addresses, client and time-outs of TO; borrows from SET. */
void collector_exporter_opts(const struct collector_settings *set, struct exporter_opts *to);

/* Appends the addresses without user, password, path and query: "http://a:14268, http://b:14268". */
void collector_names(const struct collector_settings *set, struct buf *to);

/* Appends the requests by their answers as the counter spanspool_NAME{code}, and how spans are confirmed. */
void collector_metrics(struct exporter *e, const char *name, struct buf *to);

/* Lines of PAGE for each collector: its address, or why it takes nothing; how far its storing can be seen. */
void collector_status(const struct exporter *e, struct status *page);

#endif
