/* SPDX-License-Identifier: Apache-2.0 */
/* status_internal.h — a status page under construction, and its two outputs. */
#ifndef STATUS_INTERNAL_H
#define STATUS_INTERNAL_H

#include <jansson.h>

#include "admin/history.h"
#include "base/buf.h"
#include "telemetry/health.h"
#include "admin/status.h"

enum { STATUS_TEXT = 512 };

struct status {
	json_t *sections; /* array of {"title", "lines": [{"name", "key", "value", "text"}]}; owned; NULL: no memory */
	json_t *lines;    /* "lines" of the last section; borrowed */
};

/* JSON: a section is an object, a line is a key with its unit and a value. */
void status_add_json(const struct status *s, json_t **object);

/* HTML. LEDGER is the parsed ledger, or NULL. */
struct status_heading {
	const char *command;
	const struct health *health;
	uint64_t now_ms;
	uint64_t now_us;
	const char *metrics_path; /* relative to the page; NULL: not served */
	const struct history *history;
	const struct history_series *series; /* NULL: no charts */
	double values[HISTORY_SERIES];       /* of the series, now */
};
void status_html(struct buf *to, const struct status_heading *h, const struct status *s, const json_t *ledger);

/* The page's style: /status.css. */
extern const char status_style[];
/* The chart of one figure. */
void chart_add(struct buf *to, const struct history_series *s, const struct history_point *points, size_t n);
/* Appends TEXT for the inside of an element or of a quoted attribute. */
void html_escape(struct buf *to, const char *text);

#endif
