/* SPDX-License-Identifier: Apache-2.0 */
/* test_metrics_manual.c — spanspool-metrics(7) against what agents and a drain serve: each metric has an entry with
 * its type, its label and the label's values, each entry is served by the processes that it names, and each part of
 * the health page stands in the section HEALTH of the process's manual page. */
#include <stdio.h>

#include "drain_process.h"
#include "agent_process.h"
#include "tap.h"

enum process { TO_KAFKA, TO_COLLECTOR, DRAIN };

enum { ENTRIES = 256, NAME = 96 };

/* One .It of the page. */
struct entry {
	char name[NAME], label[32], type[16];
	unsigned processes; /* a bit for each enum process */
	const char *text;   /* up to the next .It, .El or .Sh */
	size_t len;
};

static struct buf manual;
static struct entry entries[ENTRIES];
static size_t nentries;

/* One series of a metrics page, without its value. */
struct series {
	char name[NAME], label[32], value[64];
};

static int wrong; /* complaints about what is being compared */

static void complain(const char *what, const char *name, const char *more)
{
	wrong++;
	diag("%s: %s %s", name, what, more);
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end == NULL ? line + strlen(line) : end + 1;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void read_page(const char *name, struct buf *to)
{
	const char *srcdir = getenv("srcdir");
	char path[512], block[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/man/%s", srcdir == NULL ? "." : srcdir, name);
	f = fopen(path, "r");
	if (f == NULL) {
		printf("Bail out! cannot open %s\n", path);
		exit(99);
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(to, block, n);
	fclose(f);
}

/* ---- the manual page ---- */

static unsigned processes_of(const char *words)
{
	static const struct {
		const char *words;
		unsigned bits;
	} known[] = {
		{ "agent.\n", 1U << TO_KAFKA | 1U << TO_COLLECTOR },
		{ "agent to Kafka.\n", 1U << TO_KAFKA },
		{ "agent to a collector.\n", 1U << TO_COLLECTOR },
		{ "drain.\n", 1U << DRAIN },
		{ "agent and drain.\n", 1U << TO_KAFKA | 1U << TO_COLLECTOR | 1U << DRAIN },
		{ "agent to Kafka and drain.\n", 1U << TO_KAFKA | 1U << DRAIN },
		{ "agent to a collector and drain.\n", 1U << TO_COLLECTOR | 1U << DRAIN },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (begins(words, known[i].words))
			return known[i].bits;
	return 0;
}

/* ".It Va NAME" or ".It Va NAME Ns Brq Cm LABEL", then "Type, unit; processes.". */
static bool read_entry(const char *line, struct entry *e)
{
	const char *facts = next_line(line), *where = strstr(facts, "; "), *end = facts;

	*e = (struct entry){ .text = facts };
	if (sscanf(line, ".It Va %95s Ns Brq Cm %31s", e->name, e->label) < 1 ||
	        sscanf(facts, "%15[A-Za-z],", e->type) != 1 || where == NULL)
		return false;
	e->type[0] = (char)(e->type[0] - 'A' + 'a');
	e->processes = processes_of(where + 2);
	while (*end != '\0' && !begins(end, ".It") && !begins(end, ".El") && !begins(end, ".Sh"))
		end = next_line(end);
	e->len = (size_t)(end - facts);
	return e->processes != 0;
}

static void read_entries(void)
{
	int unread = 0;

	read_page("spanspool-metrics.7", &manual);
	for (const char *at = buf_cstr(&manual); *at != '\0'; at = next_line(at)) {
		if (!begins(at, ".It Va "))
			continue;
		if (nentries < ENTRIES && read_entry(at, &entries[nentries])) {
			nentries++;
			continue;
		}
		unread++;
		diag("not understood: %.*s", (int)strcspn(at, "\n"), at);
	}
	ok(nentries > 0 && unread == 0, "every entry of the page has type, unit and processes");
}

static const struct entry *entry_of(const char *name)
{
	for (size_t i = 0; i < nentries; i++)
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
	return NULL;
}

/* TEXT[0..LEN) has WORD with no letter, digit or '_' beside it. */
static bool has_word(const char *text, size_t len, const char *word)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t n = strlen(word);

	for (size_t i = 1; n > 0 && i + n < len; i++)
		if (memcmp(text + i, word, n) == 0 && strchr(inner, text[i - 1]) == NULL &&
		        strchr(inner, text[i + n]) == NULL)
			return true;
	return false;
}

/* ---- a metrics page ---- */

/* The family at a line "# TYPE NAME TYPE". */
static bool read_family(const char *line, char name[NAME], char type[16])
{
	return sscanf(line, "# TYPE %95s %15s", name, type) == 2;
}

/* The first label is the only one of all metrics but a histogram's buckets. */
static void read_series(const char *line, struct series *s)
{
	*s = (struct series){ 0 };
	sscanf(line, "%95[^{ ]{%31[^=]=\"%63[^\"]\"", s->name, s->label, s->value);
}

/* Values that are numbers, the program's version, addresses, or parts of the health page, which are compared
 * elsewhere. */
static bool is_open_set(const struct series *s)
{
	return strspn(s->value, "0123456789") == strlen(s->value) || strcmp(s->label, "version") == 0 ||
	       strcmp(s->label, "part") == 0 || strcmp(s->label, "destination") == 0;
}

static void compare_series(const struct entry *e, const char *line)
{
	struct series s;

	read_series(line, &s);
	if (strcmp(s.label, "le") == 0)
		return;
	if (strcmp(s.label, e->label) != 0)
		complain("its label is", e->name, s.label);
	else if (s.label[0] != '\0' && !is_open_set(&s) && !has_word(e->text, e->len, s.value))
		complain("its entry does not explain the label value", e->name, s.value);
}

static void every_metric_has_an_entry(enum process p, const char *page)
{
	const struct entry *e = NULL;
	char name[NAME], type[16];

	for (const char *line = page; *line != '\0'; line = next_line(line)) {
		if (read_family(line, name, type)) {
			e = entry_of(name);
			if (e == NULL)
				complain("is served and not in", name, "spanspool-metrics(7)");
			else if ((e->processes & 1U << p) == 0)
				complain("is served, though not named for", name, "this process");
			else if (strcmp(e->type, type) != 0)
				complain("is a", name, type);
		} else if (*line != '#' && e != NULL) {
			compare_series(e, line);
		}
	}
}

static bool is_served(const char *page, const char *family)
{
	char name[NAME], type[16];

	for (const char *line = page; *line != '\0'; line = next_line(line))
		if (read_family(line, name, type) && strcmp(name, family) == 0)
			return true;
	return false;
}

static void every_entry_is_served(enum process p, const char *page)
{
	for (size_t i = 0; i < nentries; i++)
		if ((entries[i].processes & 1U << p) != 0 && !is_served(page, entries[i].name))
			complain("is in the page and is not served by", entries[i].name, "this process");
}

static void compare(enum process p, const char *name, const char *page)
{
	wrong = 0;
	every_metric_has_an_entry(p, page);
	every_entry_is_served(p, page);
	ok(wrong == 0, "spanspool-metrics(7) has the metrics of %s, and no other", name);
}

/* Also the expressions and the text name no metric that there is not. */
static void no_other_metric_is_named(void)
{
	static const char prefix[] = "spanspool_";
	char name[NAME];

	wrong = 0;
	for (const char *at = buf_cstr(&manual); (at = strstr(at, prefix)) != NULL; at++)
		if (sscanf(at, "%95[a-z_]", name) == 1 && strcmp(name, prefix) != 0 && entry_of(name) == NULL)
			complain("is named in the page and has no", name, "entry");
	ok(wrong == 0, "the page names no metric that has no entry");
}

/* ---- health ---- */

/* The text of section HEALTH up to the next section, "" when there is none. */
static struct slice health_section(const struct buf *page)
{
	const char *from = strstr(buf_cstr((struct buf *)page), ".Sh HEALTH\n"), *to;

	if (from == NULL)
		return slice_text("");
	to = strstr(from + 1, ".Sh ");
	return slice_of(from, to == NULL ? strlen(from) : (size_t)(to - from));
}

static bool has_part(struct slice section, const char *part)
{
	const char *text = (const char *)section.at;

	for (const char *at = text; at < text + section.len; at = next_line(at))
		if (begins(at, ".It Cm ") && has_word(at, (size_t)(next_line(at) - at), part))
			return true;
	return false;
}

static void health_parts_stand_in(const char *manual_page, const char *page)
{
	static const char head[] = "spanspool_health_level{";
	struct buf text = { 0 };
	struct series s;
	int parts = 0;

	read_page(manual_page, &text);
	wrong = 0;
	for (const char *line = page; *line != '\0'; line = next_line(line)) {
		if (!begins(line, head))
			continue;
		parts++;
		read_series(line, &s);
		if (!has_part(health_section(&text), s.value))
			complain("is a part of the health page and not in HEALTH of", s.value, manual_page);
	}
	ok(parts > 0 && wrong == 0, "%s has each part of the health page", manual_page);
	buf_free(&text);
}

/* ---- the processes ---- */

static void an_agent(enum process p, enum agent_process_way way, const char *name)
{
	struct buf page = { 0 };
	struct agent_process s;

	agent_process_open(&s, way);
	ok(agent_process_start(&s, "--http-server.host-port=127.0.0.1:0"), "%s serves", name);
	is_int(agent_process_page(&s, "/metrics", &page), 200, "it has metrics");
	compare(p, name, buf_cstr(&page));
	health_parts_stand_in("spanspool-agent.8", buf_cstr(&page));
	buf_free(&page);
	agent_process_end(&s);
}

static void a_drain(void)
{
	static struct drain_process b;

	drain_process_open(&b, 1);
	drain_process_produce(&b, 5, 1);
	ok(drain_process_start(&b, NULL), "a drain serves");
	ok(drain_process_until(&b, drain_process_all_done), "it has a partition, whose lag is known");
	is_int(drain_process_get(&b, "/metrics"), 200, "it has metrics");
	compare(DRAIN, "a drain", buf_cstr(&b.page));
	health_parts_stand_in("spanspool-drain.8", buf_cstr(&b.page));
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

int main(void)
{
	read_entries();
	no_other_metric_is_named();
	an_agent(TO_KAFKA, AGENT_PROCESS_KAFKA, "an agent to Kafka");
	an_agent(TO_COLLECTOR, AGENT_PROCESS_DIRECT, "an agent to a collector");
	a_drain();
	buf_free(&manual);
	return tap_done();
}
