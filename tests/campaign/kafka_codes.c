/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_codes.c — every error that a broker or librdkafka can answer, and what becomes of the spans.
 *
 *	kafka_codes [--seed N] [--count N]
 *
 * First an agent process before a mock cluster: each code of rd_kafka_get_err_descs answers two produce
 * requests (two plus what the seed draws, in later rounds), and every span must be on the topic or in
 * the quarantine in the end. A share of the codes, another one each round, is answered for ever
 * (kafka_codes_ever.c): to everything, and by the leader of one partition. Then the door alone: each code kills a handle with rd_kafka_test_fatal_error,
 * and each code is what produce() itself refuses with. A line each is printed: code, and what happened. */

#include "kafka_codes.h"
#include "kafka_sender.h"
#include "rounds.h"
#include "loglines.h"

enum { CODES = 512, ROOM_SECONDS = 10, ENOUGH = 3 /* failures */ };

/* After each fatal answer: the longest pause, the wire's second, and what a circuit waits. */
enum { FATAL_SECONDS = 12 };

struct told {
	rd_kafka_resp_err_t code;
	const char *name;
	uint64_t first, end; /* its spans */
	double given_back, poison;
	int renewed;
	uint64_t quarantined;
};

/* The codes of the table that are errors; of its placeholders none is ever seen. */
static size_t list_codes(struct told *to)
{
	const struct rd_kafka_err_desc *d;
	size_t n, out = 0;

	rd_kafka_get_err_descs(&d, &n);
	for (size_t i = 0; i < n && out < CODES; i++)
		if (d[i].desc != NULL && d[i].code != 0 && d[i].code != RD_KAFKA_RESP_ERR__BEGIN &&
		        d[i].code != RD_KAFKA_RESP_ERR__END)
			to[out++] = (struct told){ .code = d[i].code, .name = d[i].name };
	return out;
}

/* ---- an agent before a broker that answers with it ---- */

static int renewals(struct agent_process *s)
{
	return log_lines_with(agent_process_log(s), "a new handle was made");
}

bool is_over(void *arg)
{
	struct round *r = arg;
	const struct ledger *l = agent_process_ledger(r->s);

	return r->s->answered && l->accepted.spans == r->accepted && l->place[LEDGER_IN_FLIGHT].spans == 0 &&
	       l->place[LEDGER_IN_SPOOL].spans == 0;
}

static bool answers_with(struct agent_process *s, struct told *t, int times)
{
	struct round r = { s, s->next - 1 + SPANS };
	double given_back = agent_process_metric(s, "spanspool_sink_given_back_batches_total");
	double poison = agent_process_metric(s, "spanspool_sink_poison_batches_total");
	uint64_t quarantined = s->ledger.place[LEDGER_QUARANTINED].spans;
	int renewed = renewals(s);

	t->first = s->next;
	s->patience = AGENT_PROCESS_SECONDS + (unsigned)times * FATAL_SECONDS;
	kafka_mock_fail_produce(s->rig.kafka, t->code, times);
	agent_process_send(s, SPANS, 0);
	t->end = s->next;
	if (!agent_process_until(s, is_over, &r)) {
		ok(false, "%s: %" PRIu64 " spans wait for ever", t->name,
		        s->ledger.place[LEDGER_IN_FLIGHT].spans + s->ledger.place[LEDGER_IN_SPOOL].spans);
		return false;
	}
	kafka_mock_fail_produce(s->rig.kafka, 0, 0); /* what is left over is not the next one's */
	t->given_back = agent_process_metric(s, "spanspool_sink_given_back_batches_total") - given_back;
	t->poison = agent_process_metric(s, "spanspool_sink_poison_batches_total") - poison;
	t->quarantined = s->ledger.place[LEDGER_QUARANTINED].spans - quarantined;
	t->renewed = renewals(s) - renewed;
	return true;
}

static const char *mapped(const struct told *t, uint64_t missing)
{
	if (t->renewed > 0)
		return "recreate: the handle is made anew, all is sent again";
	if (t->poison > 0)
		return "quarantine: refused alone, set aside";
	if (t->given_back > 0)
		return "spool: given back, sent again from there";
	if (missing > 0)
		return "taken as there: the broker says that it has them";
	return "retry: librdkafka sends it again by itself";
}

/* A broker that says so has the record; only a mock cluster says it and has not. */
static bool is_as_good_as_there(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER;
}

static void tell_agent(struct agent_process *s, const struct told *codes, size_t n)
{
	size_t lost = 0, places = 0;

	for (size_t i = 0; i < n; i++) {
		const struct told *t = &codes[i];
		uint64_t missing = tally_range(s->tally, t->first, t->end).missing;

		if (t->end == 0)
			continue;
		places++;
		if (missing != t->quarantined && !is_as_good_as_there(t->code)) {
			lost++;
			diag("%s: %" PRIu64 " are missing, %" PRIu64 " set aside", t->name, missing, t->quarantined);
		}
		diag("broker %4d %-36s %s", t->code, t->name, mapped(t, missing));
	}
	is_int(lost, 0, "after no answer of a broker a span is missing that is not in the quarantine");
	diag("%zu codes as a broker's answer", places);
}

static void a_broker_answers_with_every_code(unsigned seed)
{
	static struct told codes[CODES];
	size_t n = list_codes(codes), over = 0, tried = 0;
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	for (size_t i = 0; i < n && tried - over < ENOUGH; i++) {
		/* What is no broker's to say, but for a connection that breaks. */
		if (codes[i].code < 0 && codes[i].code != RD_KAFKA_RESP_ERR__TRANSPORT)
			continue;
		tried++;
		over += answers_with(&s, &codes[i], 2 + (int)((seed - 1) * (i + 7) % 9));
	}
	is_int(over, tried, "after every answer nothing waits for ever");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	tell_agent(&s, codes, n);
	is_int(tally_strays(s.tally), 0, "nothing else is there");
	ok(tally_total(s.tally).duplicates <= agent_process_ledger(&s)->maybe_duplicate.spans,
	        "%" PRIu64 " came twice, all marked", tally_total(s.tally).duplicates);
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

static void some_codes_for_ever(unsigned seed)
{
	static struct told codes[CODES];
	size_t n = list_codes(codes);

	for (size_t i = seed % SHARES; i < n; i += SHARES)
		if (codes[i].code > 0)
			refused_for_ever(codes[i].code, codes[i].name);
	for (size_t i = seed % SHARES; i < n; i += 4 * SHARES)
		if (codes[i].code > 0)
			one_partition_for_ever(codes[i].code, codes[i].name);
}

/* ---- a fatal error of each code ---- */

static bool is_running_again(void *arg)
{
	struct sender *s = arg;

	return s->p->state == PRODUCER_RUNNING && !s->p->main.failed;
}

static void every_code_as_a_fatal_one(void)
{
	static struct told codes[CODES];
	size_t n = list_codes(codes), renewed = 0, i;
	struct sender *s = sender_start((struct kafka_producer_opts){ .linger_ms = 1 });

	for (i = 0; i < n && i - renewed < ENOUGH; i++) {
		bool good;

		s->sent = s->reported = 0;
		memset(s->recs, 0, sizeof(s->recs));
		sender_put_many(s, 3);
		rd_kafka_test_fatal_error(s->p->main.rk, codes[i].code, "planted");
		good = wait_until(s->loop, sender_all_reported, s, SECONDS) && sender_not_once(s) == 0;
		good = good && wait_until(s->loop, is_running_again, s, SECONDS);
		s->sent = s->reported = 0;
		memset(s->recs, 0, sizeof(s->recs));
		good = good && sender_put(s) == 0 && wait_until(s->loop, sender_all_reported, s, SECONDS) &&
		       sender_count(s, KAFKA_PERSISTED) == 1;
		renewed += good;
		diag("fatal %4d %-36s %s", codes[i].code, codes[i].name, good ? "recreate" : "NOT MENDED");
	}
	is_int(renewed, n,
	        "after a fatal error of every code records are reported once and a new handle "
	        "delivers");
	is_int(kafka_producer_stats(s->p)->fatal, n, "each was counted");
	sender_stop(s);
}

/* ---- what produce() refuses with ---- */

static rd_kafka_resp_err_t refuse_with;

/* Stands before librdkafka's: refuses when told to, else hands on what it was given. */
rd_kafka_resp_err_t rd_kafka_producev(rd_kafka_t *rk, ...)
{
	rd_kafka_vu_t vus[8];
	rd_kafka_error_t *error;
	rd_kafka_resp_err_t code;
	size_t n = 0;
	va_list ap;
	int type;

	if (refuse_with != 0)
		return refuse_with;
	va_start(ap, rk);
	while ((type = va_arg(ap, int)) != RD_KAFKA_VTYPE_END && n < ARRAY_LEN(vus)) {
		rd_kafka_vu_t *v = &vus[n++];

		v->vtype = (rd_kafka_vtype_t)type;
		if (type == RD_KAFKA_VTYPE_TIMESTAMP) {
			v->u.i64 = va_arg(ap, int64_t);
			continue;
		}
		v->u.mem.ptr = va_arg(ap, void *);
		if (type == RD_KAFKA_VTYPE_VALUE || type == RD_KAFKA_VTYPE_KEY)
			v->u.mem.size = va_arg(ap, size_t);
	}
	va_end(ap);
	error = rd_kafka_produceva(rk, vus, n);
	code = error == NULL ? 0 : rd_kafka_error_code(error);
	rd_kafka_error_destroy(error);
	return code;
}

static const char *refused_as(int rc)
{
	switch (rc) {
	case E_FULL:
		return "retry: offered again when there is room";
	case E_TOO_LARGE:
		return "quarantine";
	case E_DOWN:
		return "spool: held, asked again within a second";
	}
	return "NOT MAPPED";
}

static void produce_refuses_with_every_code(void)
{
	static struct told codes[CODES];
	size_t n = list_codes(codes), good = 0;
	struct sender *s = sender_start((struct kafka_producer_opts){ .linger_ms = 1 });

	for (size_t i = 0; i < n; i++) {
		bool ready = true;
		int rc;

		refuse_with = codes[i].code;
		rc = sender_put(s);
		refuse_with = 0;
		if (codes[i].code == RD_KAFKA_RESP_ERR__FATAL)
			ready = rc == E_DOWN && wait_until(s->loop, is_running_again, s, SECONDS);
		good += ready && strcmp(refused_as(rc), "NOT MAPPED") != 0;
		diag("refused %4d %-36s %s", codes[i].code, codes[i].name,
		        codes[i].code == RD_KAFKA_RESP_ERR__FATAL ? "recreate" : refused_as(rc));
	}
	is_int(good, n, "every refusal of produce() is mapped");
	is_int(s->sent, 0, "none was called taken");
	ok(wait_until(s->loop, sender_had_room, s, ROOM_SECONDS), "room is told");
	is_int(sender_put_many(s, 20), 0, "records are taken again");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "and reported");
	ok(sender_topic_is_exact(s), "the topic holds each once");
	sender_stop(s);
}

int main(int argc, char **argv)
{
	struct rounds c = rounds_options(argc, argv, 1);

	log_setup(LOG_LEVEL_ERROR + 1, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned seed = c.seed; seed < c.seed + c.count; seed++) {
		rounds_progress(&c, seed);
		a_broker_answers_with_every_code(seed);
		some_codes_for_ever(seed);
	}
	every_code_as_a_fatal_one();
	produce_refuses_with_every_code();
	diag("%u rounds from seed %u", c.count, c.seed);
	return tap_done();
}
