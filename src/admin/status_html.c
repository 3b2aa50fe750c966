/* SPDX-License-Identifier: Apache-2.0 */
/* status_html.c — the HTML status page: health, ledger, and the command's sections. Plain HTML that is readable on a
 * phone and in a text browser, and reloads itself. */
#include <inttypes.h>
#include <stdio.h>

#include "status_internal.h"
#include "base/units.h"

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                           "<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" "
                           "content=\"5\">"
                           "<title>spanspool</title><style>\n"
                           ":root{color-scheme:light dark}\n"
                           "body{font:16px/1.4 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}\n"
                           "table{border-collapse:collapse;margin-bottom:1rem}\n"
                           "td{padding:.15rem 1.5rem .15rem 0;vertical-align:top}\n"
                           "td:last-child{overflow-wrap:anywhere}\n"
                           "td:first-child,.health td:not(:last-child){white-space:nowrap}\n"
                           "td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
                           "h1{font-size:1.3rem}h2{font-size:1.05rem;margin:.8rem 0 .2rem}\n"
                           ".big td{font-size:1.25rem;padding-bottom:.3rem}\n"
                           "details{margin-bottom:1rem}summary{cursor:pointer;color:GrayText}\n"
                           "@media(max-width:40rem){td:first-child{white-space:normal}.health tr{display:block}\n"
                           ".health td{display:inline-block}}\n"
                           ".ok{color:#1a7f37}.warn{color:#b26a00}.down{color:#cf222e}\n"
                           "</style></head><body>\n";

static void add_escaped(struct buf *to, const char *text)
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
	add_escaped(to, text);
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
	add_escaped(to, value);
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
			add_escaped(to, key);
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

/* ---- summary ---- */

static uint64_t sum_of(const json_t *object)
{
	const char *key;
	json_t *value;
	uint64_t sum = 0;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) sum += (uint64_t)json_integer_value(value);
	return sum;
}

/* Adds the number MEMBER of OBJECT, if it exists. */
static void add_summary_row(struct buf *to, const json_t *object, const char *member, const char *name)
{
	const json_t *value = json_object_get(object, member);
	char text[32];

	if (!json_is_integer(value))
		return;
	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	add_row(to, name, text, "n");
}

/* The figures an operator needs first: spans accepted, delivered, waiting and lost. */
static void add_summary(struct buf *to, const json_t *ledger)
{
	const json_t *spans = json_object_get(ledger, "spans");
	const json_t *dropped = json_object_get(spans, "dropped");
	uint64_t lost = sum_of(dropped);
	char text[32];

	buf_text(to, "<table class=\"big\">\n");
	add_summary_row(to, spans, "accepted", "spans accepted");
	add_summary_row(to, spans, "read", "spans read");
	add_summary_row(to, spans, "delivered", "delivered");
	add_summary_row(to, spans, "in_flight", "in flight");
	add_summary_row(to, spans, "in_spool", "waiting in the spool");
	add_summary_row(to, spans, "quarantined", "in quarantine");
	add_summary_row(
	        to, json_object_get(ledger, "unconfirmed"), "spans", "never confirmed (already in quarantine or lost)");
	if (json_is_object(dropped)) {
		snprintf(text, sizeof(text), "%" PRIu64, lost);
		add_row(to, "lost", text, lost == 0 ? "n" : "n down");
	}
	buf_text(to, "</table>\n");
}

void status_html(struct buf *to, const struct status_heading *h, const struct status *s, const json_t *ledger)
{
	const json_t *host = json_object_get(ledger, "host");
	enum health_level worst = health_worst(h->health);
	char for_how_long[32];

	buf_text(to, head);
	buf_text(to, "<h1>spanspool ");
	add_escaped(to, h->command);
	if (json_is_string(host)) {
		buf_text(to, " on ");
		add_escaped(to, json_string_value(host));
	}
	buf_text(to, "</h1>\n<p>");
	if (h->health->serving)
		buf_printf(to, "Serving for %s, <b class=\"%s\">%s</b>.",
		        units_print_duration((h->now_us - h->health->serving_since_us) / US_PER_S * US_PER_S,
		                for_how_long, sizeof(for_how_long)),
		        health_word(worst), worst == HEALTH_OK ? "all is well" : health_word(worst));
	else
		buf_text(to, "<b class=\"down\">Not serving.</b>");
	buf_text(to, " <a href=\"/metrics\">metrics</a> <a href=\"/ledger\">ledger</a> "
	             "<a href=\"/status.json\">JSON</a> <a href=\"/config\">configuration</a></p>\n");
	add_summary(to, ledger);
	add_health(to, h);
	add_sections(to, s, false);
	buf_text(to, "<details><summary>ledger: counts that are not zero</summary>\n");
	add_ledger(to, ledger, false);
	buf_text(to, "</details>\n<details><summary>counts that are zero</summary>\n");
	add_ledger(to, ledger, true);
	add_sections(to, s, true);
	buf_text(to, "</details>\n</body></html>\n");
}
