/* SPDX-License-Identifier: Apache-2.0 */
/* The options collector.*, which agent and drain share. */
#ifndef EXPORTER_OPTIONS_H
#define EXPORTER_OPTIONS_H

#include "exporter/exporter.h"
#include "config/conf.h"

enum collector_compression { COLLECTOR_PLAIN, COLLECTOR_GZIP };

struct collector_settings {
	struct conf_list urls;
	const char *user;
	const char *password_file;
	const char *bearer_file;
	const char *ca;
	const char *cert;
	const char *key;
	const char *server_name;
	bool skip_host_verify;
	struct conf_list headers;
	uint64_t timeout_us;
	enum confirmer_mode confirm;
	struct conf_list metrics_urls; /* empty, or one for each item of URLS, in the same order */
	uint64_t confirm_attempts;
	uint64_t max_batch_spans;
	uint64_t max_batch_bytes;
	enum collector_compression compression;
	const char *max_spans_per_second; /* "auto" or a number; see collector_rate */
};

extern const struct conf_row collector_rows[];

/* Checks the addresses, the headers, options that exclude or require each other, and reads every credential file.
 * 0, or E_USAGE with the option's name and without secrets. */
int collector_check(const struct conf *c, const struct collector_settings *set, struct why *why) MUST_USE;

/* Parses max_spans_per_second. PER_S is the limit, 0 for none. AUTOMATIC is set for "auto": confirmed deliveries
 * bound the rate, and replay_pace does for collectors whose counters cannot be read. E_USAGE: not a number. */
int collector_rate(const struct collector_settings *set, uint64_t *per_s, bool *automatic, struct why *why) MUST_USE;

/* Sets the addresses, client, rate and time-outs of TO. TO borrows the texts of SET. */
void collector_exporter_opts(const struct collector_settings *set, struct exporter_opts *to);

/* Appends the addresses without user, password, path and query: "http://a:14268, http://b:14268". */
void collector_names(const struct collector_settings *set, struct buf *to);

#endif
