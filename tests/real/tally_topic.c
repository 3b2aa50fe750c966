/* SPDX-License-Identifier: Apache-2.0 */
/* tally_topic.c — reads a Kafka topic once through and finds the numbered spans in its records.
 * Millions of spans are looked for, so nothing is decoded: in TBinary the two halves of a numbered span's
 * trace id stand side by side, and the run's half is a pattern that occurs nowhere else. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <librdkafka/rdkafka.h>

#include "tally_in.h"

enum { ASK_MS = 20000, POLL_MS = 1000, SILENT_POLLS = 60, FIELD = 3, ID = 8, HALF = FIELD + ID };

struct reading {
	rd_kafka_t *rk;
	rd_kafka_topic_partition_list_t *parts;
	int64_t *ends;         /* by place in PARTS */
	int open;              /* partitions not yet at their end */
	uint8_t pattern[HALF]; /* traceIdHigh of the run */
	tally_arrival *arrived;
	void *arg;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "tally: %s: %s\n", what, why);
	return 1;
}

static uint64_t big_endian(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return __builtin_bswap64(v);
}

/* Field 1 is traceIdLow, field 2 traceIdHigh, both i64. */
static void count_record(const struct reading *r, const uint8_t *at, size_t len)
{
	static const uint8_t low_field[FIELD] = { 0x0a, 0x00, 0x01 };
	const uint8_t *end = at + len, *hit;

	while ((hit = memmem(at, (size_t)(end - at), r->pattern, HALF)) != NULL) {
		if (hit - at >= HALF && memcmp(hit - HALF, low_field, FIELD) == 0)
			r->arrived(r->arg, big_endian(r->pattern + FIELD), big_endian(hit - ID));
		at = hit + HALF;
	}
}

static rd_kafka_t *consumer(const char *brokers)
{
	static const char *const props[][2] = {
		{ "group.id", "tally" },
		{ "enable.auto.commit", "false" },
		{ "enable.partition.eof", "true" },
		{ "queued.max.messages.kbytes", "32768" },
		{ "log_level", "2" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char err[256] = "";

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, err, sizeof(err)) != RD_KAFKA_CONF_OK)
		goto fail;
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++)
		if (rd_kafka_conf_set(conf, props[i][0], props[i][1], err, sizeof(err)) != RD_KAFKA_CONF_OK)
			goto fail;
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, err, sizeof(err));
	if (rk == NULL)
		goto fail;
	rd_kafka_poll_set_consumer(rk);
	return rk;
fail:
	rd_kafka_conf_destroy(conf);
	fail(brokers, err);
	return NULL;
}

/* The partitions, each from its first record to the end it has now. */
static int find_ends(struct reading *r, const char *topic)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(r->rk, topic, NULL);
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t e = rd_kafka_metadata(r->rk, 0, rkt, &md, ASK_MS);
	int64_t low, n = 0;

	rd_kafka_topic_destroy(rkt);
	if (e == 0 && md->topic_cnt == 1)
		e = md->topics[0].err;
	if (e == 0)
		n = md->topics[0].partition_cnt;
	r->parts = rd_kafka_topic_partition_list_new((int)n);
	r->ends = calloc((size_t)n + 1, sizeof(*r->ends));
	for (int i = 0; i < n && e == 0 && r->ends != NULL; i++) {
		e = rd_kafka_query_watermark_offsets(r->rk, topic, i, &low, &r->ends[i], ASK_MS);
		rd_kafka_topic_partition_list_add(r->parts, topic, i)->offset = low;
		r->open += r->ends[i] > low;
	}
	if (md != NULL)
		rd_kafka_metadata_destroy(md);
	if (r->ends == NULL)
		return fail(topic, "no memory");
	return e == 0 ? 0 : fail(topic, rd_kafka_err2str(e));
}

static int read_through(struct reading *r, const char *topic)
{
	int silent = 0;

	while (r->open > 0 && silent < SILENT_POLLS) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(r->rk, POLL_MS);

		silent = m == NULL ? silent + 1 : 0;
		if (m == NULL)
			continue;
		if (m->err == 0 && m->offset < r->ends[m->partition]) {
			count_record(r, m->payload, m->len);
			r->open -= m->offset == r->ends[m->partition] - 1;
		}
		rd_kafka_message_destroy(m);
	}
	return r->open == 0 ? 0 : fail(topic, "nothing came for a minute before the end");
}

int tally_topic(const char *brokers, const char *topic, uint64_t run, tally_arrival *arrived, void *arg)
{
	struct reading r = { .arrived = arrived, .arg = arg, .pattern = { 0x0a, 0x00, 0x02 } };
	uint64_t big = __builtin_bswap64(run);
	int rc;

	memcpy(r.pattern + FIELD, &big, sizeof(big));
	r.rk = consumer(brokers);
	if (r.rk == NULL)
		return 1;
	rc = find_ends(&r, topic);
	if (rc == 0 && rd_kafka_assign(r.rk, r.parts) != 0)
		rc = fail(topic, "cannot read it");
	if (rc == 0)
		rc = read_through(&r, topic);
	rd_kafka_consumer_close(r.rk);
	if (r.parts != NULL)
		rd_kafka_topic_partition_list_destroy(r.parts);
	free(r.ends);
	rd_kafka_destroy(r.rk);
	return rc;
}
