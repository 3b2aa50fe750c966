/* SPDX-License-Identifier: Apache-2.0 */
/* agent_process.c — an agent on a rig: sends numbered spans to it, asks it, waits. */
#include <arpa/inet.h>
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
#include "topic_read.h"
#include "wait.h"

enum { BATCH = 10, LOG_TAIL_BYTES = 3000 };

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

void agent_process_open_storing(
        struct agent_process *s, enum agent_process_way way, const struct stub_store_opts *store)
{
	struct stub_collector_opts stub = { .stored = on_stored, .batch = on_batch, .arg = s, .store = *store };
	struct rig_opts o = {
		.name = "spanspool-test",
		.brokers = way == AGENT_PROCESS_KAFKA ? AGENT_PROCESS_BROKERS : 0,
		.topics = { { AGENT_PROCESS_TOPIC, AGENT_PROCESS_PARTITIONS } },
		.collector = way == AGENT_PROCESS_DIRECT ? &stub : NULL,
	};
	struct why why;

	*s = (struct agent_process){ .next = 1, .patience = AGENT_PROCESS_SECONDS };
	must(loop_open(&s->loop, &why), &why);
	must(rig_open(&s->rig, s->loop, &o, &why), &why);
	s->brokers = way == AGENT_PROCESS_KAFKA ? kafka_mock_bootstrap(s->rig.kafka) : "";
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
	rig_close(&s->rig, false);
	loop_free(s->loop);
	tally_free(s->tally);
}

const char *agent_process_log(struct agent_process *s)
{
	static char path[PATH_MAX];

	rig_path(&s->rig, "agent.log", path);
	return path;
}

const char *agent_process_program(void)
{
	static char path[512];
	const char *dir = getenv("builddir");

	snprintf(path, sizeof(path), "%s/spanspool", dir == NULL ? "." : dir);
	return path;
}

void agent_process_launch(struct agent_process *s, const char *const *options)
{
	struct rig_agent a = { s->compact, s->binary, s->admin, s->rig.stub == NULL ? s->brokers : NULL };
	struct rig_options o;
	struct why why;

	rig_agent_options(&o, &s->rig, &a);
	rig_more_options(&o, options);
	must(rig_start(&s->rig, &s->agent, s->program == NULL ? agent_process_program() : s->program, &o, "agent.log",
	             &why),
	        &why);
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
	bool met = rig_until(&s->rig, cond, arg, s->patience);

	if (!met)
		show_log(s);
	return met;
}

bool agent_process_start_with(struct agent_process *s, const char *const *options)
{
	agent_process_launch(s, options);
	if (rig_is_ready(&s->rig, s->agent, s->admin, s->patience))
		return true;
	show_log(s);
	return false;
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

int agent_process_page(struct agent_process *s, const char *path, struct buf *to)
{
	return rig_get(&s->rig, s->admin, path, to);
}

double agent_process_metric(struct agent_process *s, const char *name)
{
	static struct promtext lint;
	struct buf page = { 0 };
	double value;

	if (agent_process_page(s, "/metrics", &page) == 200 && !promtext_valid(&lint, buf_cstr(&page)))
		fault(s, "metrics: %s", lint.wrong);
	value = promtext_value(buf_cstr(&page), name);
	buf_free(&page);
	return value;
}

const struct ledger *agent_process_ledger(struct agent_process *s)
{
	struct buf page = { 0 };
	struct why why;

	s->answered = agent_process_page(s, "/ledger", &page) == 200;
	if (s->answered && ledger_read(buf_slice(&page), &s->ledger, &why) < 0)
		fault(s, "%s", why.text);
	else if (s->answered && ledger_check(&s->ledger) != NULL)
		fault(s, "%s", ledger_check(&s->ledger));
	buf_free(&page);
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
	        kafka_mock_bootstrap(s->rig.kafka), AGENT_PROCESS_TOPIC, AGENT_PROCESS_PARTITIONS, on_record, &r);

	if (marked != NULL)
		*marked = r.marked;
	return r.bad > 0 ? -1 : n;
}

/* ---- ending ---- */

void agent_process_kill(struct agent_process *s)
{
	if (rig_kill(s->agent) < 0)
		fault(s, "the agent outlived SIGKILL");
}

/* The loop goes on meanwhile: the collector of this test answers the agent's last requests. */
int agent_process_stop(struct agent_process *s)
{
	return rig_stop(&s->rig, s->agent, AGENT_PROCESS_SECONDS);
}
