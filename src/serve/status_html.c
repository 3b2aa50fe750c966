/* status_html.c — the page for people: how it is, where the spans are, what the parts tell. Plain HTML
 * that reads well on a telephone and in a text browser, and comes anew by itself. */
#include <stdio.h>

#include "status_impl.h"
#include "units.h"

static const char head[] =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" "
        "content=\"5\">"
        "<title>spanspool</title><style>\n"
        ":root{color-scheme:light dark}\n"
        "body{font:16px/1.4 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}\n"
        "table{border-collapse:collapse;margin-bottom:1rem}\n"
        "td,th{padding:.15rem 1.5rem .15rem 0;text-align:left;vertical-align:top}\n"
        "td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
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
	buf_text(to, "<h2>Health</h2><table>\n");
	for (size_t i = 0; i < h->health->nparts; i++) {
		const struct health_part *p = &h->health->parts[i];
		uint64_t age_ms = h->now_ms > p->since_ms ? h->now_ms - p->since_ms : 0;
		char since[32];

		buf_text(to, "<tr>");
		add_element(to, "td", p->name);
		buf_printf(to, "<td class=\"%s\">%s</td>", health_word(p->level),
		        health_word(p->level));
		add_element(to, "td", p->sentence);
		buf_printf(to, "<td>for %s</td></tr>\n",
		        units_print_duration(age_ms / 1000 * US_PER_S, since, sizeof(since)));
	}
	buf_text(to, "</table>\n");
}

/* Numbers and texts of OBJECT, those of objects in it with the key before them. */
static void add_values(struct buf *to, const json_t *object, const char *before)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char name[128];

		snprintf(name, sizeof(name), "%s%s%s", before, *before == '\0' ? "" : " ", key);
		if (json_is_object(value)) {
			add_values(to, value, name);
		} else if (json_is_number(value)) {
			buf_text(to, "<tr>");
			add_element(to, "td", name);
			buf_printf(
			        to, "<td class=\"n\">%.15g</td></tr>\n", json_number_value(value));
		} else if (json_is_string(value)) {
			buf_text(to, "<tr>");
			add_element(to, "td", name);
			add_element(to, "td", json_string_value(value));
			buf_text(to, "</tr>\n");
		}
	}
}

static void add_ledger(struct buf *to, const json_t *ledger)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)ledger, key, value)
	{
		if (!json_is_object(value) || json_object_size(value) == 0)
			continue;
		buf_text(to, "<h2>Ledger: ");
		add_escaped(to, key);
		buf_text(to, "</h2><table>\n");
		add_values(to, value, "");
		buf_text(to, "</table>\n");
	}
}

static void add_sections(struct buf *to, const struct status *s)
{
	json_t *section, *line;
	size_t i, j;

	if (s->sections == NULL)
		to->failed = true;
	json_array_foreach(s->sections, i, section)
	{
		add_element(to, "h2", json_string_value(json_object_get(section, "title")));
		buf_text(to, "<table>\n");
		json_array_foreach(json_object_get(section, "lines"), j, line)
		{
			buf_text(to, "<tr>");
			add_element(to, "td", json_string_value(json_object_get(line, "name")));
			buf_printf(to, "<td%s>",
			        json_is_string(json_object_get(line, "value")) ? ""
			                                                       : " class=\"n\"");
			add_escaped(to, json_string_value(json_object_get(line, "text")));
			buf_text(to, "</td></tr>\n");
		}
		buf_text(to, "</table>\n");
	}
}

void status_html(struct buf *to, const struct status_heading *h, const struct status *s,
        const json_t *ledger)
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
		        units_print_duration(
		                (h->now_us - h->health->serving_since_us) / US_PER_S * US_PER_S,
		                for_how_long, sizeof(for_how_long)),
		        health_word(worst),
		        worst == HEALTH_OK ? "all is well" : health_word(worst));
	else
		buf_text(to, "<b class=\"down\">Not serving.</b>");
	buf_text(to,
	        " <a href=\"/metrics\">metrics</a> <a href=\"/ledger\">ledger</a> "
	        "<a href=\"/status.json\">JSON</a> <a href=\"/config\">configuration</a></p>\n");
	add_health(to, h);
	add_ledger(to, ledger);
	add_sections(to, s);
	buf_text(to, "</body></html>\n");
}
