/* SPDX-License-Identifier: Apache-2.0 */
/* status_html.c — the HTML status page: health, ledger, and the command's sections. Plain HTML that is readable on a
 * phone and in a text browser, and reloads itself. */
#include <inttypes.h>
#include <stdio.h>

#include "status_internal.h"
#include "base/units.h"

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                           "<meta http-equiv=\"refresh\" content=\"10\"><title>spanspool</title>"
                           "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"status.css\">"
                           "</head><body>\n";

void html_escape(struct buf *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			buf_text(to, "&lt;");
			break;
		case '>':
			buf_text(to, "&gt;");
			break;
		case '&':
			buf_text(to, "&amp;");
			break;
		case '"':
			buf_text(to, "&quot;");
			break;
		default:
			buf_byte(to, (uint8_t)*text);
		}
	}
}

static void add_element(struct buf *to, const char *tag, const char *text)
{
	buf_printf(to, "<%s>", tag);
	html_escape(to, text);
	buf_printf(to, "</%s>", tag);
}

static void add_health(struct buf *to, const struct status_heading *h)
{
	if (h->health->nparts == 0)
		return;
	buf_text(to, "<h2>Health</h2><table class=\"health\">\n");
	for (size_t i = 0; i < h->health->nparts; i++) {
		const struct health_part *p = &h->health->parts[i];
		uint64_t age_ms = h->now_ms > p->since_ms ? h->now_ms - p->since_ms : 0;
		char since[32];

		buf_text(to, "<tr>");
		add_element(to, "td", p->name);
		buf_printf(to, "<td class=\"%s\">%s</td>", health_word(p->level), health_word(p->level));
		buf_printf(to, "<td>for %s</td>", units_print_duration(age_ms / 1000 * US_PER_S, since, sizeof(since)));
		add_element(to, "td", p->sentence);
		buf_text(to, "</tr>\n");
	}
	buf_text(to, "</table>\n");
}

/* Adds a row; NAME and VALUE are escaped, CLASS is that of the value's cell. */
static void add_row(struct buf *to, const char *name, const char *value, const char *class)
{
	buf_text(to, "<tr>");
	add_element(to, "td", name);
	buf_printf(to, "<td%s%s%s>", *class == '\0' ? "" : " class=\"", class, *class == '\0' ? "" : "\"");
	html_escape(to, value);
	buf_text(to, "</td></tr>\n");
}

/* ---- the ledger: in one part the counts that are not zero, in another those that are ---- */

struct ledger_rows {
	bool only_zeros; /* true: the counts that are zero are added; false: everything else is */
	size_t added;    /* number of rows added */
};

static void add_ledger_rows(struct buf *to, const json_t *object, const char *before, struct ledger_rows *rows)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char name[128], text[128];
		bool zero = json_is_number(value) && json_number_value(value) == 0;

		snprintf(name, sizeof(name), "%s%s%s", before, *before == '\0' ? "" : " ", key);
		if (json_is_object(value)) {
			add_ledger_rows(to, value, name, rows);
			continue;
		}
		if (zero != rows->only_zeros || (!json_is_number(value) && !json_is_string(value)))
			continue;
		rows->added++;
		if (json_is_string(value)) {
			add_row(to, name, json_string_value(value), "");
			continue;
		}
		snprintf(text, sizeof(text), "%.15g", json_number_value(value));
		add_row(to, name, text, "n");
	}
}

static void add_ledger(struct buf *to, const json_t *ledger, bool only_zeros)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)ledger, key, value)
	{
		struct ledger_rows rows = { .only_zeros = only_zeros };
		struct buf text = { 0 };

		if (json_is_object(value))
			add_ledger_rows(&text, value, "", &rows);
		if (rows.added > 0) {
			buf_text(to, "<h2>Ledger: ");
			html_escape(to, key);
			buf_printf(to, "</h2><table>\n%s</table>\n", buf_cstr(&text));
		}
		to->failed |= text.failed;
		buf_free(&text);
	}
}

/* ---- the command's sections ---- */

static bool is_zero(const json_t *line)
{
	const json_t *value = json_object_get(line, "value");

	return json_is_number(value) && json_number_value(value) == 0;
}

static void add_section(struct buf *to, const json_t *section, bool only_zeros)
{
	struct buf rows = { 0 };
	json_t *line;
	size_t i, n = 0;

	json_array_foreach(json_object_get(section, "lines"), i, line)
	{
		if (is_zero(line) != only_zeros)
			continue;
		n++;
		add_row(&rows, json_string_value(json_object_get(line, "name")),
		        json_string_value(json_object_get(line, "text")), "");
	}
	if (n > 0) {
		add_element(to, "h2", json_string_value(json_object_get(section, "title")));
		buf_printf(to, "<table>\n%s</table>\n", buf_cstr(&rows));
	}
	to->failed |= rows.failed;
	buf_free(&rows);
}

static void add_sections(struct buf *to, const struct status *s, bool only_zeros)
{
	json_t *section;
	size_t i;

	if (s->sections == NULL)
		to->failed = true;
	json_array_foreach(s->sections, i, section) add_section(to, section, only_zeros);
}

/* ---- losses, and the figures an operator needs first ---- */

/* A count of the ledger: MEMBER of OBJECT, or of INNER in OBJECT. */
struct figure {
	const char *object, *inner, *member;
	const char *name;
	const char *class; /* when it is not 0 */
};

static const struct figure losses[] = {
	{ "spans", "dropped", "spool_full", "spans lost: the spool was full", "down" },
	{ "spans", "dropped", "max_age", "spans lost: older than spool.max-age", "down" },
	{ "spans", "dropped", "disk_error", "spans lost: the disk failed", "down" },
	{ "spans", "dropped", "too_large", "spans dropped: too large for the destination", "down" },
	{ "spans", "dropped", "refused", "spans dropped: refused by the destination", "down" },
	{ "datagrams", NULL, "kernel_dropped", "datagrams that the kernel dropped", "down" },
	{ "datagrams", NULL, "queue_full", "datagrams without memory for them", "down" },
	{ "datagrams", NULL, "malformed", "datagrams that were malformed", "warn" },
	{ "datagrams", NULL, "oversize", "datagrams that were too large", "warn" },
	{ "datagrams", NULL, "unknown_method", "datagrams of an unknown method", "warn" },
	{ "spans", NULL, "uncertain", "spans in flight at a kill, perhaps delivered", "warn" },
	{ "records", NULL, "lost_to_retention", "records that Kafka deleted unread", "down" },
	{ "spans", NULL, "quarantined", "spans in quarantine", "warn" },
	{ "records", NULL, "quarantined", "records in quarantine", "warn" },
	{ "unconfirmed", NULL, "spans", "spans never confirmed (in quarantine or lost)", "warn" },
};

static const struct figure figures[] = {
	{ "spans", NULL, "accepted", "spans accepted", "" },
	{ "spans", NULL, "read", "spans read", "" },
	{ "spans", NULL, "delivered", "delivered", "" },
	{ "spans", NULL, "in_flight", "in flight", "" },
	{ "spans", NULL, "in_spool", "waiting in the spool", "" },
};

/* False: this ledger has no such count. */
static bool read_figure(const json_t *ledger, const struct figure *f, json_int_t *value)
{
	const json_t *object = json_object_get(ledger, f->object);
	const json_t *count = json_object_get(f->inner == NULL ? object : json_object_get(object, f->inner), f->member);

	*value = json_integer_value(count);
	return json_is_integer(count);
}

static void add_losses(struct buf *to, const json_t *ledger)
{
	struct buf rows = { 0 };
	json_int_t value;
	char text[32];

	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		char class[16];

		if (!read_figure(ledger, &losses[i], &value) || value == 0)
			continue;
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, value);
		snprintf(class, sizeof(class), "n %s", losses[i].class);
		add_row(&rows, losses[i].name, text, class);
	}
	buf_text(to, "<h2>Losses</h2>\n");
	if (rows.len == 0)
		buf_text(to, "<p class=\"ok\">Nothing was lost, refused or put into quarantine.</p>\n");
	else
		buf_printf(to, "<table class=\"losses\">\n%s</table>\n", buf_cstr(&rows));
	to->failed |= rows.failed;
	buf_free(&rows);
}

static void add_figures(struct buf *to, const json_t *ledger)
{
	json_int_t value;

	buf_text(to, "<div class=\"cards\">\n");
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		if (read_figure(ledger, &figures[i], &value))
			buf_printf(to, "<div><b>%" JSON_INTEGER_FORMAT "</b><span>%s</span></div>\n", value,
			        figures[i].name);
	buf_text(to, "</div>\n");
}

/* ---- the page ---- */

static void add_charts(struct buf *to, const struct status_heading *h)
{
	struct history_point points[HISTORY_POINTS];

	if (h->series == NULL)
		return;
	buf_text(to, "<h2>The last hour</h2>\n<div class=\"charts\">\n");
	for (size_t i = 0; i < HISTORY_SERIES && h->series[i].title != NULL; i++) {
		size_t n = history_points(h->history, &h->series[i], i, h->now_us / US_PER_MS, h->values[i], points);

		chart_add(to, &h->series[i], points, n);
	}
	buf_text(to, "</div>\n");
}

static void add_state(struct buf *to, const struct status_heading *h)
{
	enum health_level worst = health_worst(h->health);
	char for_how_long[32];

	if (!h->health->serving) {
		buf_text(to, "<p class=\"state down\"><b>Not serving.</b></p>\n");
		return;
	}
	units_print_duration(
	        (h->now_us - h->health->serving_since_us) / US_PER_S * US_PER_S, for_how_long, sizeof(for_how_long));
	buf_printf(to, "<p class=\"state %s\"><b>%s</b> Serving for %s.</p>\n", health_word(worst),
	        worst == HEALTH_OK     ? "All is well."
	        : worst == HEALTH_WARN ? "A part warns."
	                               : "A part is down: somebody must act.",
	        for_how_long);
}

void status_html(struct buf *to, const struct status_heading *h, const struct status *s, const json_t *ledger)
{
	const json_t *host = json_object_get(ledger, "host");

	buf_text(to, head);
	buf_text(to, "<h1>spanspool ");
	html_escape(to, h->command);
	if (json_is_string(host)) {
		buf_text(to, " on ");
		html_escape(to, json_string_value(host));
	}
	buf_text(to, "</h1>\n<nav>");
	if (h->metrics_path != NULL) {
		buf_text(to, "<a href=\"");
		html_escape(to, h->metrics_path);
		buf_text(to, "\">metrics</a> ");
	}
	buf_text(to, "<a href=\"ledger\">ledger</a> <a href=\"status.json\">JSON</a> "
	             "<a href=\"config\">configuration</a></nav>\n");
	add_state(to, h);
	add_losses(to, ledger);
	add_figures(to, ledger);
	add_charts(to, h);
	add_health(to, h);
	add_sections(to, s, false);
	buf_text(to, "<details><summary>ledger: counts that are not zero</summary>\n");
	add_ledger(to, ledger, false);
	buf_text(to, "</details>\n<details><summary>counts that are zero</summary>\n");
	add_ledger(to, ledger, true);
	add_sections(to, s, true);
	buf_text(to, "</details>\n</body></html>\n");
}
