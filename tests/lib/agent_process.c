/* SPDX-License-Identifier: Apache-2.0 */
/* agent_process.c — builds the stage, starts and ends the agent, sends, asks, waits. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "promtext.h"
#include "testkit/emitting.h"
#include "admin/ledger_read.h"
#include "must.h"
#include "testkit/ports.h"
#include "agent_process.h"
#include "tap.h"
#include "testkit/workdir.h"
#include "topic_read.h"
#include "wait.h"

enum { BATCH = 10, END_MS = 20000, RESPONSE_MS = 5000, PAGE_BYTES = 1 << 18, LOG_TAIL_BYTES = 3000 };

static void fault(struct agent_process *s, const char *fmt, ...) PRINTF(2, 3);
static void fault(struct agent_process *s, const char *fmt, ...)
{
	va_list ap;

	if (s->fault[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(s->fault, sizeof(s->fault), fmt, ap);
	va_end(ap);
}

static void on_stored(void *arg, const struct stub_span *span)
{
	tally_stored(((struct agent_process *)arg)->tally, span->trace_high, span->trace_low);
}

static void on_topic_span(void *arg, const struct inspect_span *span)
{
	struct agent_process *s = arg;

	tally_stored(s->tally, span->trace_high, span->trace_low);
}

static void on_batch(void *arg, const char *id, const char *received, bool maybe_dup)
{
	(void)received;
	for (const char *at = maybe_dup ? id : NULL; at != NULL; at = strchr(at + 1, ','))
		((struct agent_process *)arg)->taken_marked++;
}

static void open_far_end(struct agent_process *s, enum agent_process_way way, const struct stub_store_opts *store)
{
	struct stub_collector_opts stub = { .stored = on_stored, .batch = on_batch, .arg = s, .store = *store };
	struct why why;

	s->brokers = "";
	if (way == AGENT_PROCESS_OUTSIDE)
		return;
	if (way == AGENT_PROCESS_DIRECT) {
		must(stub_collector_open(&s->stub, s->loop, &stub, &why), &why);
		return;
	}
	must(kafka_mock_open(&s->kafka, AGENT_PROCESS_BROKERS, &why), &why);
	if (kafka_mock_topic(s->kafka, AGENT_PROCESS_TOPIC, AGENT_PROCESS_PARTITIONS) < 0)
		bail_out("the mock cluster takes no topic");
	s->brokers = kafka_mock_bootstrap(s->kafka);
}

void agent_process_open_storing(
        struct agent_process *s, enum agent_process_way way, const struct stub_store_opts *store)
{
	struct http_client_opts client = { .max_connections = 4 };
	struct why why;

	*s = (struct agent_process){ .next = 1, .patience = AGENT_PROCESS_SECONDS };
	must(loop_open(&s->loop, &why), &why);
	must(workdir_make(&s->directory, "spanspool-test", &why), &why);
	must(http_client_open(&s->client, s->loop, &client, &why), &why);
	open_far_end(s, way, store);
	if (getrandom(&s->run, sizeof(s->run), 0) != sizeof(s->run) || tally_open(&s->tally, s->run) < 0 ||
	        ports_free(PORTS_UDP, &s->compact) < 0 || ports_free(PORTS_UDP, &s->binary) < 0 ||
	        ports_free(PORTS_TCP, &s->admin) < 0)
		bail_out("no ports, no memory or no random number");
}

void agent_process_close(struct agent_process *s)
{
	if (s->agent != NULL && child_running(s->agent))
		agent_process_ledger(s);
	child_free(s->agent);
	http_client_free(s->client);
	stub_collector_free(s->stub);
	loop_free(s->loop);
	kafka_mock_free(s->kafka);
	tally_free(s->tally);
	workdir_remove(s->directory);
	free(s->directory);
}

const char *agent_process_log(struct agent_process *s)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/agent.log", s->directory);
	return path;
}

const char *agent_process_program(void)
{
	static char path[512];
	const char *dir = getenv("builddir");

	snprintf(path, sizeof(path), "%s/spanspool", dir == NULL ? "." : dir);
	return path;
}

/* What every agent of a test is given. */
static size_t own_options(struct agent_process *s, char text[][128], const char **argv)
{
	size_t n = 0;

	argv[n++] = "spanspool";
	argv[n++] = "agent";
#define OPTION(...) (snprintf(text[n], sizeof(text[0]), __VA_ARGS__), argv[n] = text[n], n++)
	OPTION("--processor.jaeger-compact.server-host-port=127.0.0.1:%u", s->compact);
	OPTION("--processor.jaeger-binary.server-host-port=127.0.0.1:%u", s->binary);
	OPTION("--processor.zipkin-compact.server-host-port=none");
	OPTION("--admin.http.host-port=127.0.0.1:%u", s->admin);
	OPTION("--spool.directory=%s/spool", s->directory);
	OPTION("--spool.min-free=0");
	if (s->stub == NULL) {
		OPTION("--kafka.producer.brokers=%s", s->brokers);
	} else {
		OPTION("--collector.url=%s", stub_collector_url(s->stub));
		OPTION("--collector.metrics-url=%s", stub_collector_metrics_url(s->stub));
	}
#undef OPTION
	return n;
}

void agent_process_launch(struct agent_process *s, const char *const *options)
{
	char text[AGENT_PROCESS_ARGS][128];
	const char *argv[2 * AGENT_PROCESS_ARGS];
	size_t n = own_options(s, text, argv), last = n - 1;
	struct child_opts o = { .program = s->program == NULL ? agent_process_program() : s->program,
		.argv = argv,
		.log = agent_process_log(s),
		.bare = true };
	struct why why;

	for (; *options != NULL; options++) {
		/* The stub's counters say nothing of a collector of the test's. */
		if (s->stub != NULL && strncmp(*options, "--collector.url=", 16) == 0)
			argv[last] = "--collector.confirm=off";
		argv[n++] = *options;
	}
	argv[n] = NULL;
	child_free(s->agent);
	must(child_start(&s->agent, &o, &why), &why);
}

static bool is_serving(void *arg)
{
	struct agent_process *s = arg;

	return !child_running(s->agent) || agent_process_get(s, "/") == 200;
}

/* What the agent said last: a wait in vain is explained there, if anywhere. */
static void show_log(struct agent_process *s)
{
	FILE *f = fopen(agent_process_log(s), "r");
	char line[512];

	if (f == NULL)
		return;
	if (fseek(f, -LOG_TAIL_BYTES, SEEK_END) == 0)
		(void)!fgets(line, sizeof(line), f);
	while (fgets(line, sizeof(line), f) != NULL)
		printf("# agent: %s", line);
	fclose(f);
}

bool agent_process_until(struct agent_process *s, bool (*cond)(void *arg), void *arg)
{
	uint64_t deadline = clock_mono_us() + s->patience * US_PER_S;

	while (!cond(arg)) {
		if (clock_mono_us() > deadline) {
			show_log(s);
			return false;
		}
		wait_ms(s->loop, 10);
	}
	return true;
}

bool agent_process_start(struct agent_process *s, ...)
{
	const char *options[AGENT_PROCESS_ARGS];
	size_t n = 0;
	va_list ap;

	va_start(ap, s);
	do
		options[n] = va_arg(ap, const char *);
	while (options[n++] != NULL);
	va_end(ap);
	agent_process_launch(s, options);
	return agent_process_until(s, is_serving, s) && child_running(s->agent);
}

/* ---- sending ---- */

struct sending {
	struct agent_process *stage;
	bool over;
};

static void on_sent(void *arg, uint64_t first, uint64_t count)
{
	struct sending *g = arg;

	if (tally_sent(g->stage->tally, first, count) < 0)
		bail_out("out of memory");
	g->stage->next = first + count;
	if (g->stage->each_burst != NULL)
		g->stage->each_burst(g->stage->each_arg, g->stage->next);
}

static void on_refused(void *arg, uint64_t first, uint64_t count)
{
	struct sending *g = arg;

	tally_unsent(g->stage->tally, first, count);
	g->stage->refused += count;
}

static void on_over(void *arg)
{
	((struct sending *)arg)->over = true;
}

static bool is_over(void *arg)
{
	return ((struct sending *)arg)->over;
}

void agent_process_send(struct agent_process *s, uint64_t spans, uint64_t rate)
{
	struct sending g = { .stage = s };
	struct emitter_opts o = {
		.targets = { { { "127.0.0.1", s->compact }, NUMBERED_COMPACT },
		        { { "127.0.0.1", s->binary }, NUMBERED_BINARY } },
		.ntargets = 2,
		.service = "test",
		.run = s->run,
		.first = s->next,
		.spans = spans,
		.rate = rate,
		.batch = BATCH,
		.sent = on_sent,
		.refused = on_refused,
		.arg = &g,
	};
	struct emitter *e;
	struct emitting *emitting;
	struct why why;

	must(emitter_open(&e, &o, &why), &why);
	if (emitting_start(&emitting, s->loop, e, on_over, &g) < 0)
		bail_out("out of memory");
	if (!wait_until(s->loop, is_over, &g, (unsigned)(rate == 0 ? 0 : spans / rate) + AGENT_PROCESS_SECONDS))
		fault(s, "the spans could not be sent");
	emitting_free(emitting);
	emitter_free(e);
}

void agent_process_send_raw(struct agent_process *s, uint16_t port, const void *bytes, size_t len)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || sendto(fd, bytes, len, 0, (struct sockaddr *)&at, sizeof(at)) != (ssize_t)len)
		fault(s, "a datagram of %zu bytes could not be sent", len);
	if (fd >= 0)
		close(fd);
}

/* ---- asking ---- */

struct question {
	struct agent_process *stage;
	struct ledger *ledger; /* to be filled from the answer, or NULL */
	struct buf *body;      /* the same */
	int status;
	bool over;
};

static void on_answer(void *arg, const struct http_answer *a)
{
	struct question *q = arg;
	struct why why = { .text = "" };

	q->over = true;
	q->status = a->failure == HTTP_ANSWERED ? a->status : 0;
	if (q->body != NULL)
		buf_add(q->body, a->body.at, a->body.len);
	if (q->ledger == NULL || q->status != 200)
		return;
	if (ledger_read(a->body, q->ledger, &why) < 0)
		fault(q->stage, "%s", why.text);
	else if (ledger_check(q->ledger) != NULL)
		fault(q->stage, "%s", ledger_check(q->ledger));
}

static bool is_answered(void *arg)
{
	return ((struct question *)arg)->over;
}

static int ask(struct agent_process *s, const char *path, struct ledger *l, struct buf *body)
{
	char url[128];
	struct question q = { .stage = s, .ledger = l, .body = body };
	struct http_request r = { .url = url, .connect_ms = RESPONSE_MS, .total_ms = RESPONSE_MS, .keep = PAGE_BYTES };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->admin, path);
	if (http_client_send(s->client, &r, on_answer, &q) < 0)
		bail_out("out of memory");
	wait_until(s->loop, is_answered, &q, AGENT_PROCESS_SECONDS);
	return q.status;
}

int agent_process_page(struct agent_process *s, const char *path, struct buf *to)
{
	return ask(s, path, NULL, to);
}

double agent_process_metric(struct agent_process *s, const char *name)
{
	static struct promtext lint;
	struct buf page = { 0 };
	double value;

	if (ask(s, "/metrics", NULL, &page) == 200 && !promtext_valid(&lint, buf_cstr(&page)))
		fault(s, "metrics: %s", lint.wrong);
	value = promtext_value(buf_cstr(&page), name);
	buf_free(&page);
	return value;
}

const struct ledger *agent_process_ledger(struct agent_process *s)
{
	s->answered = ask(s, "/ledger", &s->ledger, NULL) == 200;
	return &s->ledger;
}

/* ---- waiting ---- */

struct wish {
	struct agent_process *stage;
	enum ledger_place place;
	uint64_t spans;
};

static bool holds(void *arg)
{
	struct wish *w = arg;

	return agent_process_ledger(w->stage)->place[w->place].spans == w->spans && w->stage->answered;
}

bool agent_process_holds(struct agent_process *s, enum ledger_place place, uint64_t spans)
{
	struct wish w = { s, place, spans };
	bool good = agent_process_until(s, holds, &w);

	if (!good)
		diag("%s: %" PRIu64 " spans, wanted %" PRIu64, ledger_place_names[place], s->ledger.place[place].spans,
		        spans);
	return good;
}

static bool has_accepted(void *arg)
{
	struct wish *w = arg;

	return agent_process_ledger(w->stage)->accepted.spans == w->spans && w->stage->answered;
}

bool agent_process_accepted(struct agent_process *s, uint64_t spans)
{
	struct wish w = { .stage = s, .spans = spans };
	bool good = agent_process_until(s, has_accepted, &w);

	if (!good)
		diag("accepted: %" PRIu64 " spans, wanted %" PRIu64, s->ledger.accepted.spans, spans);
	return good;
}

static bool is_empty(void *arg)
{
	struct agent_process *s = arg;
	const struct ledger *l;

	/* What is still in the sockets is in no ledger. */
	if (ports_unread(s->compact) + ports_unread(s->binary) > 0)
		return false;
	l = agent_process_ledger(s);
	return s->answered && l->place[LEDGER_IN_FLIGHT].spans == 0 && l->place[LEDGER_IN_SPOOL].spans == 0;
}

bool agent_process_is_empty(struct agent_process *s)
{
	bool good = agent_process_until(s, is_empty, s);

	if (!good)
		diag("in flight: %" PRIu64 " spans, in spool: %" PRIu64, s->ledger.place[LEDGER_IN_FLIGHT].spans,
		        s->ledger.place[LEDGER_IN_SPOOL].spans);
	return good;
}

static bool all_stored(void *arg)
{
	return tally_total(((struct agent_process *)arg)->tally).missing == 0;
}

bool agent_process_all_stored(struct agent_process *s)
{
	return wait_until(s->loop, all_stored, s, AGENT_PROCESS_SECONDS);
}

/* ---- the topic ---- */

struct reading {
	struct agent_process *stage;
	uint64_t marked;
	uint64_t bad;
};

static void on_record(void *arg, const rd_kafka_message_t *m)
{
	struct reading *r = arg;
	struct inspect_facts facts;
	rd_kafka_headers_t *headers;
	const void *value;
	size_t size;

	if (inspect_batch(slice_of(m->payload, m->len), &facts, on_topic_span, r->stage, NULL) < 0)
		r->bad++;
	if (rd_kafka_message_headers(m, &headers) == 0 &&
	        rd_kafka_header_get_last(headers, "spanspool-maybe-dup", &value, &size) == 0)
		r->marked++;
}

int agent_process_read_topic(struct agent_process *s, uint64_t *marked)
{
	struct reading r = { .stage = s };
	int n = topic_read(
	        kafka_mock_bootstrap(s->kafka), AGENT_PROCESS_TOPIC, AGENT_PROCESS_PARTITIONS, on_record, &r);

	if (marked != NULL)
		*marked = r.marked;
	return r.bad > 0 ? -1 : n;
}

/* ---- ending ---- */

void agent_process_kill(struct agent_process *s)
{
	child_signal(s->agent, SIGKILL);
	if (child_wait(s->agent, END_MS) < 0)
		fault(s, "the agent outlived SIGKILL");
}

static bool has_ended(void *arg)
{
	return !child_running(((struct agent_process *)arg)->agent);
}

/* The loop goes on meanwhile: the collector of this test answers the agent's last requests. */
int agent_process_stop(struct agent_process *s)
{
	child_signal(s->agent, SIGTERM);
	return wait_until(s->loop, has_ended, s, AGENT_PROCESS_SECONDS) ? child_status(s->agent) : -1;
}
