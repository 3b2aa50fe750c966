/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_sender.c — what the tests of the producer share. */
#include "kafka_sender.h"

void sender_on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct sender *s = arg;
	struct rec *r = token;

	r->reports++;
	r->outcome = outcome;
	s->reported++;
	snprintf(s->detail, sizeof(s->detail), "%s", detail);
}

void sender_on_room(void *arg)
{
	((struct sender *)arg)->rooms++;
}

void sender_on_flushed(void *arg)
{
	((struct sender *)arg)->flushed = true;
}

void sender_open(struct sender *s, const char *brokers, struct kafka_producer_opts opts)
{
	struct kafka_producer_events events = { .report = sender_on_report, .room = sender_on_room, .arg = s };
	struct why why;

	opts.brokers = brokers;
	opts.topic = "spans";
	if (loop_open(&s->loop, &why) < 0 || kafka_producer_open(&s->p, s->loop, &opts, &events, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
}

struct sender *sender_start(struct kafka_producer_opts opts)
{
	struct sender *s = calloc(1, sizeof(*s));

	mockproc_start(&s->broker, 1);
	mockproc_say(&s->broker, "topic spans %d", PARTITIONS);
	sender_open(s, s->broker.brokers, opts);
	return s;
}

static bool is_brokers(const struct sender *s, unsigned port)
{
	char text[16];

	snprintf(text, sizeof(text), ":%u", port);
	for (const char *at = s->broker.brokers; (at = strstr(at, text)) != NULL; at++)
		if (strchr(",\n", at[strlen(text)]) != NULL) /* or the end */
			return true;
	return false;
}

/* Bytes that the broker has not read, by the kernel's table of connections. */
static uint64_t unread(const struct sender *s)
{
	enum { ESTABLISHED = 1 };
	FILE *table = fopen("/proc/net/tcp", "r");
	unsigned port, state, waiting;
	uint64_t bytes = 0;
	char line[256];

	while (table != NULL && fgets(line, sizeof(line), table) != NULL)
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*x:%x", &port, &state, &waiting) == 3 &&
		        state == ESTABLISHED && is_brokers(s, port))
			bytes += waiting;
	if (table != NULL)
		fclose(table);
	return bytes;
}

/* What asks for metadata alone is shorter. */
static bool has_unread_records(void *arg)
{
	enum { LEAST = 120 };
	const struct sender *s = arg;

	return unread(s) >= s->unread + LEAST;
}

bool sender_is_on_wire(struct sender *s)
{
	return wait_until(s->loop, has_unread_records, s, SECONDS);
}

struct sender *sender_start_frozen(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ .linger_ms = 1 });

	sender_put_many(s, FROZEN_AFTER);
	if (!wait_until(s->loop, sender_all_reported, s, SECONDS)) {
		diag("the broker took nothing");
		exit(99);
	}
	mockproc_freeze(&s->broker);
	s->unread = unread(s);
	return s;
}

void sender_stop(struct sender *s)
{
	kafka_producer_free(s->p);
	loop_free(s->loop);
	mockproc_stop(&s->broker);
	free(s);
}

int sender_put(struct sender *s)
{
	struct kafka_header header = { "spanspool-id", slice_text("host/1/1") };
	struct rec *r = &s->recs[s->sent];
	struct kafka_record rec = { .headers = &header, .nheaders = 1 };
	int rc;

	snprintf(r->value, sizeof(r->value), "%d", s->sent);
	rec.value = slice_text(r->value);
	rc = kafka_producer_send(s->p, &rec, r);
	if (rc == 0)
		s->sent++;
	return rc;
}

int sender_put_many(struct sender *s, int n)
{
	int rc = 0;

	while (rc == 0 && n-- > 0)
		rc = sender_put(s);
	return rc;
}

bool sender_all_reported(void *arg)
{
	struct sender *s = arg;

	return s->reported >= s->sent;
}

bool sender_was_flushed(void *arg)
{
	return ((struct sender *)arg)->flushed;
}

bool sender_had_room(void *arg)
{
	return ((struct sender *)arg)->rooms > 0;
}

int sender_count(const struct sender *s, enum kafka_outcome outcome)
{
	int n = 0;

	for (int i = 0; i < s->sent; i++)
		n += s->recs[i].reports == 1 && s->recs[i].outcome == outcome;
	return n;
}

int sender_not_once(const struct sender *s)
{
	int n = 0;

	for (int i = 0; i < s->sent; i++)
		n += s->recs[i].reports != 1;
	return n;
}

void sender_read(void *arg, const rd_kafka_message_t *m)
{
	struct sender *s = arg;
	rd_kafka_headers_t *headers;
	char text[16];
	rd_kafka_timestamp_type_t type;
	int i;

	snprintf(text, sizeof(text), "%.*s", (int)m->len, (const char *)m->payload);
	i = atoi(text);
	if (i < 0 || i >= s->sent || strcmp(s->recs[i].value, text) != 0 || m->key != NULL ||
	        rd_kafka_message_headers(m, &headers) != 0 || rd_kafka_message_timestamp(m, &type) <= 0)
		s->foreign = true;
	else
		s->recs[i].on_topic++;
}

bool sender_topic_is_exact(struct sender *s)
{
	int n = topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), wrong = 0;

	for (int i = 0; i < s->sent; i++)
		wrong += s->recs[i].on_topic != 1;
	if (n != s->sent || wrong != 0 || s->foreign)
		diag("sent %d, on the topic %d, not once %d", s->sent, n, wrong);
	return n == s->sent && wrong == 0 && !s->foreign;
}
