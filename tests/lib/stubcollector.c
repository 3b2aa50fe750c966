/* stubcollector.c — the stub collector as a process of its own, so that it can be stopped, killed and
 * measured apart. Prints its URL, then obeys the lines of its standard input and answers each with
 * "ok", "error" or the JSON asked for; at the end of the input it exits.
 *
 *   down    up    status CODE COUNT [RETRY-AFTER]    text WORDS    swallow COUNT
 *   delay MS    hang    go    counts
 *
 * --close-each says "Connection: close" with every answer; --port=N takes that port.
 * "counts" tells how many spans came, and how many of them were new by their trace id. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "stub_collector.h"

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
	uint64_t hash =
	        (high ^ (low * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);
	size_t i = (hash ^ hash >> 32) & (s->cap - 1);

	while ((s->at[i].high | s->at[i].low) != 0 &&
	        (s->at[i].high != high || s->at[i].low != low))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void grow(struct ids *s)
{
	struct ids bigger = {
		.cap = s->cap == 0 ? 1024 : 2 * s->cap, .n = s->n, .has_zero = s->has_zero
	};

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

static void on_span(void *arg, const struct inspect_span *span)
{
	struct process *p = arg;

	p->total++;
	p->unique += ids_add(&p->ids, span->trace_high, span->trace_low);
}

static void print_counts(const struct process *p)
{
	const struct stub_counts *c = stub_collector_counts(p->stub);

	printf("{\"total\":%" PRIu64 ",\"unique\":%" PRIu64 ",\"duplicate\":%" PRIu64
	       ",\"requests\":%" PRIu64 ",\"taken\":%" PRIu64 ",\"refused\":%" PRIu64
	       ",\"scripted\":%" PRIu64 ",\"unanswered\":%" PRIu64 "}\n",
	        p->total, p->unique, p->total - p->unique, c->requests, c->taken, c->refused,
	        c->scripted, c->unanswered);
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
		return false;
	return true;
}

static void obey_lines(struct process *p)
{
	char *at = (char *)(uintptr_t)buf_cstr(&p->line), *end;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		if (strcmp(at, "counts") == 0)
			print_counts(p);
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

int main(int argc, char **argv)
{
	static struct process p;
	struct stub_collector_opts o = { .each = on_span, .arg = &p };
	struct why why;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--close-each") == 0)
			o.close_each = true;
		else if (strncmp(argv[i], "--port=", 7) == 0)
			o.port = (uint16_t)atoi(argv[i] + 7);
		else
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
