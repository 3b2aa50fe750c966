/* SPDX-License-Identifier: Apache-2.0 */
/* stubcollector.c — the stub collector as a process of its own, so that it can be stopped, killed and
 * measured apart. Prints its URL, then obeys the lines of its standard input and answers each with
 * "ok", "error" or the JSON asked for; at the end of the input it exits.
 *
 *   down    up    status CODE COUNT [RETRY-AFTER]    text WORDS    swallow COUNT
 *   delay MS    hang    go    counts
 *   store works|away|hangs    rate N    others N    burst N    restart
 *   metrics served|off|404|500|hangs|foreign    metrics-url    store-counts
 *
 * --close-each says "Connection: close" with every answer; --port=N and --metrics-port=N take that port.
 * --queue=SPANS, --workers=N, --rate=SPANS-A-SECOND and --spread=N are the store's, which by default has all
 * at once; --page=jaeger|otel|otel-bare is whose metrics page it has.
 * "counts" tells how many spans were stored, and how many of them were new by their trace id; "store-counts",
 * what the collector's process counts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "testkit/stub_collector.h"

/* Trace ids, open addressing; the id 0 is told apart. */
struct ids {
	struct id {
		uint64_t high, low;
	} * at;
	size_t cap; /* a power of two, or 0 */
	size_t n;
	bool has_zero;
};

struct process {
	struct loop *loop;
	struct stub_collector *stub;
	struct watch *in;
	struct buf line;
	struct ids ids;
	uint64_t total;
	uint64_t unique;
};

static size_t place_of(const struct ids *s, uint64_t high, uint64_t low)
{
	uint64_t hash = (high ^ (low * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);
	size_t i = (hash ^ hash >> 32) & (s->cap - 1);

	while ((s->at[i].high | s->at[i].low) != 0 && (s->at[i].high != high || s->at[i].low != low))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void grow(struct ids *s)
{
	struct ids bigger = { .cap = s->cap == 0 ? 1024 : 2 * s->cap, .n = s->n, .has_zero = s->has_zero };

	bigger.at = calloc(bigger.cap, sizeof(*bigger.at));
	if (bigger.at == NULL) {
		fputs("stubcollector: out of memory\n", stderr);
		exit(1);
	}
	for (size_t i = 0; i < s->cap; i++)
		if ((s->at[i].high | s->at[i].low) != 0)
			bigger.at[place_of(&bigger, s->at[i].high, s->at[i].low)] = s->at[i];
	free(s->at);
	*s = bigger;
}

/* True when it was not there. */
static bool ids_add(struct ids *s, uint64_t high, uint64_t low)
{
	bool is_new;
	size_t i;

	if ((high | low) == 0) {
		is_new = !s->has_zero;
		s->has_zero = true;
		return is_new;
	}
	if (2 * s->n >= s->cap)
		grow(s);
	i = place_of(s, high, low);
	is_new = (s->at[i].high | s->at[i].low) == 0;
	s->n += is_new;
	s->at[i] = (struct id){ high, low };
	return is_new;
}

static void on_stored(void *arg, const struct stub_span *span)
{
	struct process *p = arg;

	p->total++;
	p->unique += ids_add(&p->ids, span->trace_high, span->trace_low);
}

static void print_counts(const struct process *p)
{
	const struct stub_counts *c = stub_collector_counts(p->stub);

	printf("{\"total\":%" PRIu64 ",\"unique\":%" PRIu64 ",\"duplicate\":%" PRIu64 ",\"requests\":%" PRIu64
	       ",\"taken\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"scripted\":%" PRIu64 ",\"unanswered\":%" PRIu64 "}\n",
	        p->total, p->unique, p->total - p->unique, c->requests, c->taken, c->refused, c->scripted,
	        c->unanswered);
}

static void print_store_counts(struct process *p)
{
	const struct stub_store_counts *c = stub_store_counts(stub_collector_store(p->stub));

	printf("{\"received\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"rejected\":%" PRIu64 ",\"saved\":%" PRIu64
	       ",\"failed\":%" PRIu64 ",\"queued\":%" PRIu64 ",\"saving\":%" PRIu64 ",\"process\":%u,\"pages\":%" PRIu64
	       "}\n",
	        c->received, c->dropped, c->rejected, c->saved, c->failed, c->queued, c->saving, c->process,
	        stub_collector_counts(p->stub)->pages);
}

/* The place of WORD in NAMES, which end with NULL; -1. */
static int place_in(const char *const *names, const char *word)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return -1;
}

/* Commands of the store and of the metrics page. */
static bool obey_store(struct process *p, const char *line)
{
	static const char *const modes[] = { "works", "away", "hangs", NULL };
	static const char *const pages[] = { "served", "off", "404", "500", "hangs", "foreign", NULL };
	struct stub_store *store = stub_collector_store(p->stub);
	struct why why;
	uint64_t n;
	int place;

	if (sscanf(line, "rate %" SCNu64, &n) == 1)
		stub_store_set_rate(store, n);
	else if (sscanf(line, "others %" SCNu64, &n) == 1)
		stub_store_others(store, n);
	else if (sscanf(line, "burst %" SCNu64, &n) == 1)
		stub_store_burst(store, n);
	else if (strcmp(line, "restart") == 0)
		return stub_collector_restart(p->stub, &why) == 0;
	else if (strncmp(line, "store ", 6) == 0 && (place = place_in(modes, line + 6)) >= 0)
		stub_store_set_mode(store, (enum stub_store_mode)place);
	else if (strncmp(line, "metrics ", 8) == 0 && (place = place_in(pages, line + 8)) >= 0)
		return stub_collector_metrics(p->stub, (enum stub_metrics_mode)place, &why) == 0;
	else
		return false;
	return true;
}

static bool obey(struct process *p, const char *line)
{
	int a, b, c = -1;
	struct why why;

	if (sscanf(line, "status %d %d %d", &a, &b, &c) >= 2)
		stub_collector_script(p->stub, a, b, c);
	else if (strncmp(line, "text ", 5) == 0)
		stub_collector_script_text(p->stub, line + 5);
	else if (sscanf(line, "swallow %d", &a) == 1)
		stub_collector_swallow(p->stub, a);
	else if (sscanf(line, "delay %d", &a) == 1 && a >= 0)
		stub_collector_delay(p->stub, (uint64_t)a);
	else if (strcmp(line, "hang") == 0 || strcmp(line, "go") == 0)
		stub_collector_hang(p->stub, line[0] == 'h');
	else if (strcmp(line, "down") == 0)
		stub_collector_down(p->stub);
	else if (strcmp(line, "up") == 0)
		return stub_collector_up(p->stub, &why) == 0;
	else
		return obey_store(p, line);
	return true;
}

static void obey_lines(struct process *p)
{
	char *at = (char *)(uintptr_t)buf_cstr(&p->line), *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		if (strcmp(at, "counts") == 0)
			print_counts(p);
		else if (strcmp(at, "store-counts") == 0)
			print_store_counts(p);
		else if (strcmp(at, "metrics-url") == 0)
			puts(stub_collector_metrics_url(p->stub));
		else
			puts(obey(p, at) ? "ok" : "error");
	}
	p->line.len = strlen(at);
	memmove(p->line.at, at, p->line.len);
}

static void on_input(void *arg, int events)
{
	struct process *p = arg;
	char piece[4096];
	ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));

	(void)events;
	if (n <= 0) {
		loop_stop(p->loop);
		return;
	}
	buf_add(&p->line, piece, (size_t)n);
	obey_lines(p);
}

static bool read_option(struct stub_collector_opts *o, const char *word)
{
	static const char *const pages[] = { "jaeger", "otel", "otel-bare", NULL };
	uint64_t n;
	int page;

	if (strcmp(word, "--close-each") == 0)
		o->close_each = true;
	else if (sscanf(word, "--port=%" SCNu64, &n) == 1)
		o->port = (uint16_t)n;
	else if (sscanf(word, "--metrics-port=%" SCNu64, &n) == 1)
		o->metrics_port = (uint16_t)n;
	else if (sscanf(word, "--queue=%" SCNu64, &n) == 1)
		o->store.capacity = (uint32_t)n;
	else if (sscanf(word, "--workers=%" SCNu64, &n) == 1)
		o->store.workers = (uint32_t)n;
	else if (sscanf(word, "--rate=%" SCNu64, &n) == 1)
		o->store.spans_per_second = n;
	else if (sscanf(word, "--spread=%" SCNu64, &n) == 1)
		o->store.spread = (uint32_t)n;
	else if (strncmp(word, "--page=", 7) == 0 && (page = place_in(pages, word + 7)) >= 0)
		o->page = (enum stub_page)page;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static struct process p;
	struct stub_collector_opts o = { .stored = on_stored, .arg = &p };
	struct why why;

	for (int i = 1; i < argc; i++) {
		if (read_option(&o, argv[i]))
			continue;
		fprintf(stderr, "stubcollector: unknown option %s\n", argv[i]);
		return 2;
	}
	if (loop_open(&p.loop, &why) < 0 || stub_collector_open(&p.stub, p.loop, &o, &why) < 0) {
		fprintf(stderr, "stubcollector: %s\n", why.text);
		return 1;
	}
	if (watch_open(&p.in, p.loop, STDIN_FILENO, on_input, &p) < 0) {
		fputs("stubcollector: the standard input must be a pipe or a terminal\n", stderr);
		return 1;
	}
	watch_set(p.in, WATCH_READ);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts(stub_collector_url(p.stub));
	loop_run(p.loop);
	watch_free(p.in);
	stub_collector_free(p.stub);
	loop_free(p.loop);
	buf_free(&p.line);
	free(p.ids.at);
	return 0;
}
