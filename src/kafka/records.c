/* SPDX-License-Identifier: Apache-2.0 */
/* records.c — delivers records to the owner and detects gaps between their offsets. */
#include "conf.h"
#include "consumer_internal.h"

enum { RECORDS_A_TURN = 256 };

/* A gap is a loss only when the broker's oldest record is beyond its start: otherwise compaction or a transaction
 * left it. */
static void check_gap(struct kafka_consumer *c, int32_t id, struct kafka_part *p, int64_t offset)
{
	int64_t from = p->next, low = OFFSET_NONE, high;

	p->next = offset;
	if (p->begin == OFFSET_NONE)
		p->begin = offset;
	if (from == OFFSET_NONE || offset == from)
		return;
	if (offset < from) {
		log_warn("%s: partition %d goes back from %lld to %lld: the topic was made anew?", c->log.who, id,
		        (long long)from, (long long)offset);
		p->begin = offset;
		return;
	}
	rd_kafka_get_watermark_offsets(c->rk, c->topic, id, &low, &high);
	if (low > from)
		c->events.lost_to_retention(c->events.arg, id, from, low < offset ? low : offset);
}

/* Passes M on; the owner releases it. */
static void deliver_message(struct kafka_consumer *c, rd_kafka_message_t *m, uint64_t now_us)
{
	struct kafka_part *p = kafka_part_find(c, m->partition);
	rd_kafka_timestamp_type_t type;
	struct kafka_message out = {
		.partition = m->partition,
		.offset = m->offset,
		.timestamp_ms = rd_kafka_message_timestamp(m, &type),
		.generation = p->generation,
		.read_us = now_us,
		.value = slice_of(m->payload, m->len),
		.key = slice_of(m->key, m->key_len),
		.handle = m,
	};

	c->unreleased++;
	c->pause_ms = KAFKA_PAUSE_LEAST_MS;
	p->next = m->offset + 1;
	p->broker = rd_kafka_message_broker_id(m);
	kafka_fetch_consumed(c, m->len);
	c->events.message(c->events.arg, &out);
}

static void on_record(struct kafka_consumer *c, rd_kafka_message_t *m, uint64_t now_us)
{
	struct kafka_part *p = kafka_part_find(c, m->partition);

	if (p != NULL && p->assigned && !p->revoking) {
		if (m->err == 0 || m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			kafka_log_recovered(&c->log);
			check_gap(c, m->partition, p, m->offset);
			kafka_commit_first(c, p);
		}
		if (m->err == 0) {
			deliver_message(c, m, now_us);
			return;
		}
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			c->events.at_end(c->events.arg, m->partition, m->offset);
	}
	if (m->err != 0 && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		kafka_log_fault(&c->log, m->err, rd_kafka_message_errstr(m));
	rd_kafka_message_destroy(m);
}

void kafka_records_serve(struct kafka_consumer *c)
{
	uint64_t now_us = loop_now_us(c->loop);
	rd_kafka_message_t *m;

	for (int i = 0; c->state == CONSUMER_RUNNING && !c->paused && !c->failed && !c->replacing; i++) {
		if (i == RECORDS_A_TURN) {
			wakeup_signal(c->wakeup);
			return;
		}
		if (rd_kafka_consume_batch_queue(c->records, 0, &m, 1) != 1)
			return;
		on_record(c, m, now_us);
	}
}

bool kafka_consumer_has_more(const struct kafka_consumer *c)
{
	return c->state == CONSUMER_RUNNING && !c->paused && !c->failed && !c->replacing &&
	       rd_kafka_queue_length(c->records) > 0;
}

void kafka_consumer_pause(struct kafka_consumer *c)
{
	c->paused = true;
}

void kafka_consumer_resume(struct kafka_consumer *c)
{
	c->paused = false;
	wakeup_signal(c->wakeup);
}

void kafka_consumer_store(struct kafka_consumer *c, int32_t partition, uint64_t generation, int64_t next)
{
	struct kafka_part *p = kafka_part_find(c, partition);

	if (p != NULL && p->assigned && p->generation == generation)
		p->stored = next;
}

void kafka_consumer_release(struct kafka_consumer *c, struct kafka_message *m)
{
	rd_kafka_message_destroy(m->handle);
	m->handle = NULL;
	if (--c->unreleased == 0 && c->state == CONSUMER_EMPTYING)
		wakeup_signal(c->wakeup);
}

void kafka_message_headers(
        const struct kafka_message *m, void (*each)(void *arg, const char *name, struct slice value), void *arg)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t len;

	if (rd_kafka_message_headers(m->handle, &headers) != 0)
		return;
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++)
		each(arg, name, slice_of(value, len));
}

int64_t kafka_consumer_lag(struct kafka_consumer *c, int32_t partition)
{
	struct kafka_part *p = kafka_part_find(c, partition);
	int64_t low, high = OFFSET_NONE, at;

	if (p == NULL || !p->assigned || c->rk == NULL)
		return -1;
	at = p->stored != OFFSET_NONE ? p->stored : p->begin;
	rd_kafka_get_watermark_offsets(c->rk, c->topic, partition, &low, &high);
	if (at == OFFSET_NONE || high < 0)
		return -1;
	return high > at ? high - at : 0;
}
