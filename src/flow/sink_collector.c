/* sink_collector.c — a batch becomes a POST: its bytes are the body, id and marks are HTTP headers. */
#include <stdio.h>
#include <stdlib.h>

#include "answers.h"
#include "log.h"
#include "sink_id.h"
#include "sinks.h"

struct sink_collector {
	struct sink sink;
	struct sink_id id;
	struct sink_events events;
	struct postman *postman;
	struct list letters; /* that the postman has */
	bool was_away;       /* at the last change */
};

/* What must live as long as the letter. */
struct letter {
	struct list link; /* of letters */
	struct batch *batch;
	char id[SINK_ID_TEXT];
	char received[20];
};

static struct sink_collector *from(struct sink *s)
{
	return container_of(s, struct sink_collector, sink);
}

/* Gives the batch to the caller, with the reference. */
static struct batch *open_letter(struct letter *letter)
{
	struct batch *b = letter->batch;

	list_remove(&letter->link);
	free(letter);
	return b;
}

static void on_done(void *arg, const struct postman_report *report)
{
	struct sink_collector *c = arg;
	struct batch *b = open_letter(report->token);
	enum sink_outcome outcome = report->outcome;
	char detail[256] = "";

	if (outcome == SINK_POISON && strcmp(report->cause, answers_cause(ANSWER_SPLIT)) == 0)
		outcome = SINK_TOO_LARGE;
	if (sink_refused(outcome))
		snprintf(detail, sizeof(detail), "%s, HTTP status %d: %s", report->cause,
		        report->status, report->detail);
	c->events.done(c->events.arg, b, outcome, detail);
	batch_unref(&b);
}

static void on_room(void *arg)
{
	struct sink_collector *c = arg;

	c->events.room(c->events.arg);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct sink_collector *c = arg;

	c->events.sent_again(c->events.arg, spans, first);
}

/* The intake has seen to all but what is harmful to collectors only. */
static bool is_fit(struct sink *s, const struct batch *b)
{
	struct inspect_facts facts;
	const char *cause;
	struct why why;

	if (postman_check(batch_slice(b), &facts, &cause, &why) == 0)
		return true;
	snprintf(s->refusal, sizeof(s->refusal), "%s: %.200s", cause, why.text);
	return false;
}

static enum sink_answer offer(struct sink *s, struct batch *b)
{
	struct sink_collector *c = from(s);
	struct letter *letter = malloc(sizeof(*letter));
	struct postman_letter l;
	int rc;

	if (letter == NULL)
		return SINK_FULL;
	if (!is_fit(s, b)) {
		free(letter);
		return SINK_CANNOT;
	}
	letter->batch = batch_ref(b);
	list_push(&c->letters, &letter->link);
	l = (struct postman_letter){
		.value = batch_slice(b),
		.spans = b->spans,
		.id = slice_of(letter->id, sink_id_text(&c->id, b, letter->id)),
		.received =
		        slice_of(letter->received, sink_decimal(b->received_ms, letter->received)),
		.maybe_dup = b->maybe_dup,
		.token = letter,
	};
	rc = postman_send(c->postman, &l);
	if (rc == 0)
		return SINK_TOOK;
	b = open_letter(letter);
	batch_unref(&b);
	return rc == E_DOWN ? SINK_DOWN : SINK_FULL;
}

/* The board tells of states in which nothing is delivered; all others are the log's. */
static void on_changed(void *arg, enum postman_state state, const char *sentence)
{
	struct sink_collector *c = arg;

	if (state == POSTMAN_LIMPING)
		log_warn("collector: the others take its share of the spans: %s", sentence);
	else if (state != POSTMAN_SENDING && c->was_away)
		log_warn("collector: spans wait in the spool: %s", sentence);
	c->was_away = state == POSTMAN_WAITING || state == POSTMAN_HELD;
}

static const char *trouble(struct sink *s, bool *misconfigured)
{
	const struct postman *p = from(s)->postman;
	enum postman_state state = postman_state(p);

	*misconfigured = state == POSTMAN_HELD;
	return state == POSTMAN_WAITING || state == POSTMAN_HELD ? postman_trouble(p) : NULL;
}

/* A request ends by its own time-out. */
static void purge(struct sink *s, bool wire)
{
	(void)wire;
	postman_purge(from(s)->postman);
}

static void flush(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	postman_flush(from(s)->postman, budget_ms, flushed, arg);
}

/* An end that does not wait for the postman leaves letters with it. */
static void free_sink(struct sink *s)
{
	struct sink_collector *c = from(s);

	postman_free(c->postman);
	while (!list_empty(&c->letters)) {
		struct batch *b = open_letter(list_first(&c->letters, struct letter, link));

		batch_unref(&b);
	}
	free(c);
}

static const struct sink_ops ops = { offer, purge, flush, free_sink };

int sink_collector_open(struct sink **out, struct loop *l, const struct postman_opts *opts,
        const struct sink_id *id, const struct sink_events *events, struct why *why)
{
	struct sink_collector *c = calloc(1, sizeof(*c));
	struct postman_events own = {
		.done = on_done,
		.room = on_room,
		.sent_again = on_sent_again,
		.changed = on_changed,
		.arg = c,
	};
	struct postman_opts o = *opts;

	if (c == NULL)
		return why_set(why, E_NOMEM, "collector");
	list_init(&c->letters);
	c->sink.ops = &ops;
	c->sink.refused_as = SINK_POISON;
	c->sink.trouble = trouble;
	c->id = *id;
	c->events = *events;
	o.bare = !id->headers;
	if (postman_open(&c->postman, l, &o, &own, why) < 0) {
		free(c);
		return why->code;
	}
	*out = &c->sink;
	return 0;
}

const struct postman *sink_collector_postman(struct sink *s)
{
	return from(s)->postman;
}
