/* SPDX-License-Identifier: Apache-2.0 */
/* The options http-server.host-port and sampling.*, and the metrics of the sampling server. */
#ifndef SAMPLING_OPTIONS_H
#define SAMPLING_OPTIONS_H

#include "base/buf.h"
#include "config/conf.h"
#include "sampling/sampling.h"

struct sampling_settings {
	const char *at; /* "none": no sampling server */
	struct conf_list urls;
	const char *file;
	uint64_t refresh_us;
	uint64_t max_services;
};

extern const struct conf_row sampling_rows[];

/* Makes the default of sampling.url from COLLECTORS, whose strategies are at /api/sampling (Jaeger 1.x). */
int sampling_default_urls(struct conf *c, const struct conf_list *collectors, struct why *why) MUST_USE;
/* Checks the addresses, the limits and the strategies file. 0, or E_USAGE with the option's name. */
int sampling_check(const struct conf *c, const struct sampling_settings *set, struct why *why) MUST_USE;

/* Appends the metrics of S. */
void sampling_metrics(const struct sampling *s, struct buf *to);

#endif
