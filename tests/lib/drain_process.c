/* SPDX-License-Identifier: Apache-2.0 */
/* drain_process.c — fills the basin, opens the drain, and counts what comes out. */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "drain_process.h"
#include "batchmake.h"
#include "must.h"
#include "testkit/ports.h"
#include "tap.h"
#include "testkit/workdir.h"
#include "wait.h"
#include "loglines.h"

enum { END_MS = 30000, RESPONSE_MS = 5000, PAGE_BYTES = 1 << 20 };

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
	struct http_client_opts client = { .max_connections = 2 };
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
	must(workdir_make(&b->directory, "spanspool-test", &why), &why);
	must(kafka_mock_open(&b->kafka, 1, &why), &why);
	if (kafka_mock_topic(b->kafka, DRAIN_PROCESS_TOPIC, partitions) < 0 ||
	        kafka_mock_topic(b->kafka, DRAIN_PROCESS_QUARANTINE, 1) < 0)
		bail_out("the mock cluster takes no topic");
	producer.brokers = kafka_mock_bootstrap(b->kafka);
	must(kafka_producer_open(&b->producer, b->loop, &producer, &events, &why), &why);
	must(stub_collector_open(&b->stub, b->loop, &stub, &why), &why);
	must(http_client_open(&b->client, b->loop, &client, &why), &why);
	if (ports_free(PORTS_TCP, &b->admin) < 0)
		bail_out("no free port");
}

void drain_process_close(struct drain_process *b)
{
	child_free(b->drain);
	http_client_free(b->client);
	stub_collector_free(b->stub);
	kafka_producer_free(b->producer);
	loop_free(b->loop);
	kafka_mock_free(b->kafka);
	workdir_remove(b->directory);
	free(b->directory);
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

	rd_kafka_conf_set(conf, "bootstrap.servers", kafka_mock_bootstrap(b->kafka), said, sizeof(said));
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
	static char path[256];

	snprintf(path, sizeof(path), "%s/drain.log", b->directory);
	return path;
}

int drain_process_said(struct drain_process *b, const char *text)
{
	return log_lines_with(drain_process_log(b), text);
}

static bool is_serving(struct drain_process *b)
{
	return !child_running(b->drain) || drain_process_get(b, "/") == 200;
}

void drain_process_launch(struct drain_process *b, struct child **drain, uint16_t admin, const char *const *options)
{
	char text[DRAIN_PROCESS_ARGS][256], program[512];
	const char *argv[2 * DRAIN_PROCESS_ARGS], *dir = getenv("builddir");
	struct child_opts o = { .program = program, .argv = argv, .log = drain_process_log(b), .bare = true };
	size_t n = 0, own;
	struct why why;

	snprintf(program, sizeof(program), "%s/%s", dir == NULL ? "." : dir,
	        b->program == NULL ? "spanspool" : b->program);
	argv[n++] = "spanspool";
	argv[n++] = "drain";
#define OPTION(...) (snprintf(text[n], sizeof(text[0]), __VA_ARGS__), argv[n] = text[n], n++)
	OPTION("--kafka.consumer.brokers=%s", kafka_mock_bootstrap(b->kafka));
	OPTION("--kafka.property=session.timeout.ms=6000");
	OPTION("--kafka.property=heartbeat.interval.ms=500");
	OPTION("--admin.http.host-port=127.0.0.1:%u", admin);
	own = n;
	OPTION("--collector.url=%s", stub_collector_url(b->stub));
	OPTION("--collector.metrics-url=%s", stub_collector_metrics_url(b->stub));
#undef OPTION
	for (; *options != NULL; options++) {
		/* A collector of the test's takes the stub's place. */
		if (strncmp(*options, "--collector.url=", strlen("--collector.url=")) == 0) {
			argv[own] = *options;
			argv[own + 1] = "--collector.confirm=off";
		} else
			argv[n++] = *options;
	}
	argv[n] = NULL;
	child_free(*drain);
	must(child_start(drain, &o, &why), &why);
}

bool drain_process_start(struct drain_process *b, ...)
{
	const char *options[DRAIN_PROCESS_ARGS];
	size_t n = 0;
	va_list ap;

	va_start(ap, b);
	do
		options[n] = va_arg(ap, const char *);
	while (options[n++] != NULL);
	va_end(ap);
	drain_process_launch(b, &b->drain, b->admin, options);
	return drain_process_until(b, is_serving) && child_running(b->drain);
}

void drain_process_kill(struct drain_process *b)
{
	child_free(b->drain);
	b->drain = NULL;
}

static bool has_ended(struct drain_process *b)
{
	return !child_running(b->drain);
}

int drain_process_stop(struct drain_process *b)
{
	child_signal(b->drain, SIGTERM);
	return drain_process_until(b, has_ended) ? child_status(b->drain) : -1;
}

/* ---- asking ---- */

static void on_answer(void *arg, const struct http_answer *a)
{
	struct drain_process *b = arg;

	b->status = a->failure == HTTP_ANSWERED ? a->status : 0;
	buf_clear(&b->page);
	buf_add(&b->page, a->body.at, a->body.len);
	b->answered = true;
}

static bool is_answered(void *arg)
{
	return ((struct drain_process *)arg)->answered;
}

int drain_process_get(struct drain_process *b, const char *path)
{
	char url[128];
	struct http_request r = { .url = url, .total_ms = RESPONSE_MS, .keep = PAGE_BYTES };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", b->admin, path);
	b->answered = false;
	b->status = 0;
	if (http_client_send(b->client, &r, on_answer, b) < 0)
		return 0;
	(void)wait_until(b->loop, is_answered, b, 10);
	return b->status;
}

static struct drain_process_counts counts_of(const json_t *root, const char *key)
{
	const json_t *side = json_object_get(root, key);
	struct drain_process_counts c = {
#define MEMBER(name) .name = json_integer_value(json_object_get(side, #name))
		MEMBER(read),
		MEMBER(delivered),
		MEMBER(quarantined),
		MEMBER(in_flight),
		MEMBER(skipped_empty),
		MEMBER(handed_on),
		MEMBER(late),
		MEMBER(lost_to_retention),
#undef MEMBER
	};

	return c;
}

static bool balances(const struct drain_process_counts *c)
{
	return c->read == c->delivered + c->quarantined + c->in_flight + c->skipped_empty;
}

void drain_process_ledger(struct drain_process *b)
{
	json_t *root = drain_process_get(b, "/ledger") == 200
	                       ? json_loadb((const char *)b->page.at, b->page.len, 0, NULL)
	                       : NULL;
	const json_t *unconfirmed;

	if (json_object_get(root, "records") == NULL) {
		ok(0, "the ledger is there: %d", b->status);
		return;
	}
	b->records = counts_of(root, "records");
	b->spans = counts_of(root, "spans");
	unconfirmed = json_object_get(root, "unconfirmed");
	b->unconfirmed_records = json_integer_value(json_object_get(unconfirmed, "records"));
	b->unconfirmed_spans = json_integer_value(json_object_get(unconfirmed, "spans"));
	json_decref(root);
	if (!balances(&b->records) || !balances(&b->spans))
		ok(0, "the ledger balances: %s", buf_cstr(&b->page));
}

bool drain_process_until(struct drain_process *b, bool (*cond)(struct drain_process *b))
{
	uint64_t deadline = clock_mono_us() + DRAIN_PROCESS_SECONDS * US_PER_S;

	while (!cond(b)) {
		if (clock_mono_us() > deadline)
			return false;
		wait_ms(b->loop, 10);
	}
	return true;
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
