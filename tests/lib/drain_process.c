/* SPDX-License-Identifier: Apache-2.0 */
/* drain_process.c — a drain on a rig: fills the topic, asks the drain, and counts what the collector stores. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "drain_process.h"
#include "batchmake.h"
#include "must.h"
#include "testkit/ports.h"
#include "tap.h"
#include "wait.h"
#include "loglines.h"

static void on_stored(void *arg, const struct stub_span *span)
{
	struct drain_process *b = arg;

	if (span->trace_low < DRAIN_PROCESS_RECORDS)
		b->seen[span->trace_low]++;
}

static void on_batch(void *arg, const char *id, const char *received, bool maybe_dup)
{
	struct drain_process *b = arg;

	b->taken++;
	b->taken_marked += maybe_dup;
	snprintf(b->taken_id, sizeof(b->taken_id), "%s", id);
	snprintf(b->taken_received, sizeof(b->taken_received), "%s", received);
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct drain_process *b = arg;

	if (outcome != KAFKA_PERSISTED)
		bail_out(detail);
	buf_free(token);
	free(token);
	b->acknowledged++;
}

static void on_room(void *arg)
{
	(void)arg;
}

void drain_process_open(struct drain_process *b, int partitions)
{
	drain_process_open_storing(b, partitions, &(struct stub_store_opts){ 0 });
}

void drain_process_open_storing(struct drain_process *b, int partitions, const struct stub_store_opts *store)
{
	struct stub_collector_opts stub = { .stored = on_stored, .batch = on_batch, .arg = b, .store = *store };
	struct rig_opts o = {
		.name = "spanspool-test",
		.brokers = 1,
		.topics = { { DRAIN_PROCESS_TOPIC, partitions }, { DRAIN_PROCESS_QUARANTINE, 1 } },
		.collector = &stub,
	};
	/* Each record goes to a partition by chance, not a whole batch of them. And the mock cluster
	 * sometimes leaves a connection open and unserved when it goes down: that is noticed soon. */
	static const struct kafka_property properties[] = {
		{ "sticky.partitioning.linger.ms", "0", false },
		{ "socket.timeout.ms", "5000", false },
	};
	struct kafka_producer_opts producer = { .topic = DRAIN_PROCESS_TOPIC,
		.linger_ms = 1,
		.queue_bytes = 64 << 20,
		.properties = properties,
		.nproperties = ARRAY_LEN(properties) };
	struct kafka_producer_events events = { on_report, on_room, b };
	struct why why;

	memset(b, 0, sizeof(*b));
	b->partitions = partitions;
	must(loop_open(&b->loop, &why), &why);
	must(rig_open(&b->rig, b->loop, &o, &why), &why);
	producer.brokers = kafka_mock_bootstrap(b->rig.kafka);
	must(kafka_producer_open(&b->producer, b->loop, &producer, &events, &why), &why);
	if (ports_free(PORTS_TCP, &b->admin) < 0)
		bail_out("no free port");
}

void drain_process_close(struct drain_process *b)
{
	child_free(b->drain);
	kafka_producer_free(b->producer);
	rig_close(&b->rig, false);
	loop_free(b->loop);
	buf_free(&b->page);
}

/* ---- records ---- */

static bool is_acknowledged(struct drain_process *b)
{
	return b->acknowledged == b->sent;
}

static void produce(struct drain_process *b, struct buf *value, struct kafka_record *r)
{
	r->value = value->at == NULL ? slice_of(NULL, 0) : buf_slice(value);
	while (kafka_producer_send(b->producer, r, value) < 0)
		wait_ms(b->loop, 5);
	b->sent++;
}

void drain_process_produce(struct drain_process *b, uint32_t n, uint32_t spans)
{
	b->spans_each = spans;
	for (uint32_t i = 0; i < n; i++) {
		struct buf *value = calloc(1, sizeof(*value));
		struct kafka_record r = { .nheaders = 0 };

		batchmake(value, "svc", ++b->produced, 1, spans);
		produce(b, value, &r);
	}
	if (!drain_process_until(b, is_acknowledged))
		bail_out("the mock cluster does not take the records");
}

void drain_process_produce_raw(struct drain_process *b, struct slice value, struct slice key,
        const struct kafka_header *headers, size_t nheaders)
{
	struct buf *copy = calloc(1, sizeof(*copy));
	struct kafka_record r = { .key = key, .headers = headers, .nheaders = nheaders };

	if (value.at != NULL) {
		buf_add(copy, value.at, value.len);
		buf_cstr(copy);
	}
	produce(b, copy, &r);
	if (!drain_process_until(b, is_acknowledged))
		bail_out("the mock cluster does not take the record");
}

uint32_t drain_process_duplicates(const struct drain_process *b)
{
	uint32_t more = 0;

	for (uint32_t i = 1; i <= b->produced; i++)
		more += b->seen[i] > b->spans_each ? b->seen[i] / b->spans_each - 1 : 0;
	return more;
}

uint32_t drain_process_missing(const struct drain_process *b)
{
	uint32_t missing = 0;

	for (uint32_t i = 1; i <= b->produced; i++)
		missing += b->seen[i] < b->spans_each;
	return missing;
}

int64_t drain_process_committed(struct drain_process *b)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(b->partitions);
	int64_t sum = 0;
	char said[200];
	rd_kafka_t *rk;

	rd_kafka_conf_set(conf, "bootstrap.servers", kafka_mock_bootstrap(b->rig.kafka), said, sizeof(said));
	rd_kafka_conf_set(conf, "group.id", DRAIN_PROCESS_GROUP, said, sizeof(said));
	rd_kafka_conf_set(conf, "log_level", "0", said, sizeof(said));
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	for (int p = 0; p < b->partitions; p++)
		rd_kafka_topic_partition_list_add(all, DRAIN_PROCESS_TOPIC, p);
	if (rd_kafka_committed(rk, all, 20000) != 0)
		sum = -1;
	for (int p = 0; sum >= 0 && p < all->cnt; p++)
		sum += all->elems[p].offset > 0 ? all->elems[p].offset : 0;
	rd_kafka_topic_partition_list_destroy(all);
	rd_kafka_destroy(rk);
	return sum;
}

/* ---- the process ---- */

const char *drain_process_log(struct drain_process *b)
{
	static char path[PATH_MAX];

	rig_path(&b->rig, "drain.log", path);
	return path;
}

int drain_process_said(struct drain_process *b, const char *text)
{
	return log_lines_with(drain_process_log(b), text);
}

void drain_process_launch(struct drain_process *b, struct child **drain, uint16_t admin, const char *const *options)
{
	const char *dir = getenv("builddir");
	char program[PATH_MAX];
	struct rig_options o;
	struct why why;

	snprintf(program, sizeof(program), "%s/%s", dir == NULL ? "." : dir,
	        b->program == NULL ? "spanspool" : b->program);
	rig_drain_options(&o, &b->rig, admin);
	rig_option(&o, "--kafka.property=session.timeout.ms=6000");
	rig_option(&o, "--kafka.property=heartbeat.interval.ms=500");
	rig_more_options(&o, options);
	must(rig_start(&b->rig, drain, program, &o, "drain.log", &why), &why);
}

bool drain_process_start_with(struct drain_process *b, const char *const *options)
{
	drain_process_launch(b, &b->drain, b->admin, options);
	return rig_is_ready(&b->rig, b->drain, b->admin, DRAIN_PROCESS_SECONDS);
}

void drain_process_kill(struct drain_process *b)
{
	child_free(b->drain);
	b->drain = NULL;
}

int drain_process_stop(struct drain_process *b)
{
	return rig_stop(&b->rig, b->drain, DRAIN_PROCESS_SECONDS);
}

/* ---- asking ---- */

int drain_process_get(struct drain_process *b, const char *path)
{
	buf_clear(&b->page);
	b->status = rig_get(&b->rig, b->admin, path, &b->page);
	return b->status;
}

void drain_process_ledger(struct drain_process *b)
{
	struct rig_drain_ledger l;
	struct why why;

	if (drain_process_get(b, "/ledger") != 200) {
		ok(0, "the ledger is there: %d", b->status);
		return;
	}
	if (rig_read_drain_ledger(buf_slice(&b->page), &l, &why) < 0)
		ok(0, "the ledger is whole and balances: %s", why.text);
	b->records = l.records;
	b->spans = l.spans;
	b->unconfirmed_records = l.unconfirmed_records;
	b->unconfirmed_spans = l.unconfirmed_spans;
}

struct condition {
	struct drain_process *drain;
	bool (*holds)(struct drain_process *b);
};

static bool condition_holds(void *arg)
{
	struct condition *c = arg;

	return c->holds(c->drain);
}

bool drain_process_until(struct drain_process *b, bool (*cond)(struct drain_process *b))
{
	return rig_until(&b->rig, condition_holds, &(struct condition){ b, cond }, DRAIN_PROCESS_SECONDS);
}

bool drain_process_all_seen(struct drain_process *b)
{
	return drain_process_missing(b) == 0;
}

bool drain_process_none_in_flight(struct drain_process *b)
{
	drain_process_ledger(b);
	return b->records.in_flight == 0;
}

bool drain_process_all_done(struct drain_process *b)
{
	drain_process_ledger(b);
	return b->records.read == b->sent && b->records.in_flight == 0;
}
