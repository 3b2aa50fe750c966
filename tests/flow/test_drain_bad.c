/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_bad.c — records that are no batches: exactly those go to quarantine, with their papers,
 * and the next ones follow. */
#include <stdio.h>
#include <stdlib.h>

#include "drain_process.h"
#include "batchmake.h"
#include "tap.h"
#include "topic_read.h"
#include "wait.h"

static struct drain_process b;

/* As the Java client writes it: service "stream-app", one span. */
static const uint8_t compact[] = { 0x1c, 0x18, 0x0a, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0x2d, 0x61, 0x70, 0x70, 0x19,
	0x0c, 0x00, 0x19, 0x1c, 0x16, 0x02, 0x16, 0x00, 0x16, 0x04, 0x16, 0x00, 0x18, 0x07, 0x72, 0x65, 0x63, 0x65,
	0x69, 0x76, 0x65, 0x19, 0x0c, 0x15, 0x02, 0x16, 0x80, 0x89, 0x7a, 0x16, 0x0a, 0x19, 0x0c, 0x19, 0x0c, 0x00,
	0x00 };

static const struct kafka_header some_headers[] = {
	{ "origin", { (const uint8_t *)"somewhere", 9 } },
	{ "binary", { (const uint8_t *)"\0\xff\n", 3 } },
};

static void produce(const void *bytes, size_t len)
{
	drain_process_produce_raw(&b, slice_of(bytes, len), slice_of(NULL, 0), NULL, 0);
}

/* Five bad ones, two empty ones, one in compact protocol, good ones in between. */
static void produce_a_mixture(void)
{
	struct buf v = { 0 };

	drain_process_produce(&b, 20, 2);
	drain_process_produce_raw(&b, slice_text("hello, this is no batch"), slice_text("a key"), some_headers, 2);
	produce(NULL, 0);
	produce("", 0);
	produce(compact, sizeof(compact));
	drain_process_produce(&b, 20, 2);
	batchmake(&v, "svc", 60000, 1, 1);
	produce(v.at, v.len - 9); /* cut short */
	produce(v.at, 14);        /* a process, and no spans */
	batchmake(&v, "svc", 60001, 1, 1);
	produce(v.at, v.len); /* two batches in one */
	buf_clear(&v);
	batchmake(&v, "caf\xe9", 60002, 1, 7);
	produce(v.at, v.len); /* Latin-1 in the service name */
	drain_process_produce(&b, 20, 2);
	buf_free(&v);
}

struct papers {
	int records;
	int with_key, with_old_headers;
	int malformed, not_utf8, second_batch;
	int with_origin, with_detail, with_status;
	bool value_is_kept;
};

static bool header_is(const rd_kafka_message_t *m, const char *name, const char *value)
{
	rd_kafka_headers_t *headers;
	const void *at;
	size_t len;

	return rd_kafka_message_headers(m, &headers) == 0 && rd_kafka_header_get_last(headers, name, &at, &len) == 0 &&
	       (value == NULL || (len == strlen(value) && memcmp(at, value, len) == 0));
}

static void look(void *arg, const rd_kafka_message_t *m)
{
	struct papers *p = arg;

	p->records++;
	p->malformed += header_is(m, "spanspool-cause", "malformed");
	p->not_utf8 += header_is(m, "spanspool-cause", "service_not_utf8");
	p->second_batch += header_is(m, "spanspool-cause", "second_batch");
	p->with_origin += header_is(m, "spanspool-origin", NULL);
	p->with_detail += header_is(m, "spanspool-detail", NULL);
	p->with_status += header_is(m, "spanspool-status", NULL);
	if (m->key_len != 5 || memcmp(m->key, "a key", 5) != 0)
		return;
	p->with_key++;
	p->with_old_headers += header_is(m, "origin", "somewhere") && header_is(m, "binary", NULL);
	p->value_is_kept = m->len == 23 && memcmp(m->payload, "hello, this is no batch", 23) == 0;
}

static void exactly_the_bad_records_go_to_the_quarantine_topic(void)
{
	struct papers p = { 0 };

	drain_process_open(&b, 2);
	produce_a_mixture();
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_missing(&b), 0, "no good record is missing");
	is_int(b.records.delivered, 61, "60 good ones and the compact one are delivered");
	is_int(b.spans.delivered, 121, "with their spans");
	is_int(b.records.quarantined, 5, "five are in quarantine");
	is_int(b.spans.quarantined, 0, "whose spans nobody could count");
	is_int(b.records.skipped_empty, 2, "two were empty");
	ok(topic_read(kafka_mock_bootstrap(b.rig.kafka), DRAIN_PROCESS_QUARANTINE, 1, look, &p) == 5,
	        "five records in the topic");
	is_int(p.malformed, 3, "three are malformed");
	is_int(p.second_batch, 1, "one has a second batch");
	is_int(p.not_utf8, 1, "one would wedge a collector");
	ok(p.with_origin == 5 && p.with_detail == 5, "all say where they come from and why they are here");
	is_int(p.with_status, 0, "none has met a collector");
	ok(p.with_key == 1 && p.with_old_headers == 1 && p.value_is_kept, "key, headers and value are kept");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 68, "all offsets are committed");
	drain_process_close(&b);
}

static int count_files(const char *pattern)
{
	char command[512], line[32] = "0";
	FILE *f;

	snprintf(command, sizeof(command), "find %s/quarantine -type f -name '%s' | wc -l", b.rig.directory, pattern);
	f = popen(command, "r");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		line[0] = '0';
	if (f != NULL)
		pclose(f);
	return atoi(line);
}

static bool some_file_has(const char *text)
{
	char command[512];

	snprintf(command, sizeof(command), "grep -qrF '%s' %s/quarantine", text, b.rig.directory);
	return system(command) == 0;
}

static void exactly_the_bad_records_go_to_the_quarantine_directory(void)
{
	char option[300];

	drain_process_open(&b, 2);
	snprintf(option, sizeof(option), "--drain.quarantine=directory:%s/quarantine", b.rig.directory);
	produce_a_mixture();
	ok(drain_process_start(&b, option, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_missing(&b), 0, "no good record is missing");
	is_int(b.records.quarantined, 5, "five are in quarantine");
	is_int(count_files("*.value"), 5, "five values");
	is_int(count_files("*.headers"), 5, "five files of headers");
	is_int(count_files("*"), 10, "and nothing else");
	ok(some_file_has("hello, this is no batch"), "a value is kept");
	ok(some_file_has("key: a key"), "so is a key");
	ok(some_file_has("binary: %00%FF%0A"), "and a header");
	ok(some_file_has("spanspool-cause: service_not_utf8"), "and a cause");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 68, "all offsets are committed");
	drain_process_close(&b);
}

static bool is_stopped(struct drain_process *x)
{
	return drain_process_said(x, "stopped at a bad record") > 0;
}

static bool names_the_option(struct drain_process *basin)
{
	return drain_process_said(basin, "correct the option drain.quarantine") > 0;
}

static void a_quarantine_topic_that_is_missing_is_told_with_its_option(void)
{
	drain_process_open(&b, 2);
	produce_a_mixture();
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ok(drain_process_start(&b, NULL), "it serves, and the topic of its quarantine is missing");
	ok(drain_process_until(&b, names_the_option), "a line names the option of that topic");
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, 0);
	ok(drain_process_until(&b, drain_process_all_done), "when it is made the drain is done with all");
	is_int(b.records.quarantined, 5, "five are in quarantine");
	drain_process_close(&b);
}

static void without_a_quarantine_it_stops_at_a_bad_record(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 10, 1);
	produce("bad", 3);
	drain_process_produce(&b, 10, 1);
	ok(drain_process_start(&b, "--drain.quarantine=none", NULL), "it serves");
	ok(drain_process_until(&b, is_stopped), "it says that it stopped");
	is_int(drain_process_get(&b, "/health/ready"), 503, "it is not ready");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 10, "committed up to the bad record, not beyond");
	drain_process_close(&b);
}

static bool quarantine_is_away(struct drain_process *x)
{
	return drain_process_said(x, "cannot be kept in") > 0;
}

static void nothing_is_committed_beyond_a_record_that_is_not_kept_yet(void)
{
	enum { NOT_AUTHORIZED = 29 };
	struct papers p = { 0 };

	drain_process_open(&b, 1);
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, NOT_AUTHORIZED);
	drain_process_produce(&b, 10, 1);
	produce("bad", 3);
	drain_process_produce(&b, 10, 1);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, quarantine_is_away), "it says that the quarantine cannot be written");
	ok(drain_process_until(&b, drain_process_all_seen), "the records behind are delivered all the same");
	drain_process_ledger(&b);
	is_int(b.records.in_flight, 1, "the bad one is in flight");
	is_int(drain_process_get(&b, "/health/ready"), 503, "it is not ready");
	wait_ms(b.loop, 1500);
	is_int(drain_process_committed(&b), 10, "nothing is committed beyond it");
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, 0);
	ok(drain_process_until(&b, drain_process_all_done), "mended, it is kept");
	is_int(b.records.quarantined, 1, "one is in quarantine");
	is_int(topic_read(kafka_mock_bootstrap(b.rig.kafka), DRAIN_PROCESS_QUARANTINE, 1, look, &p), 1,
	        "and in the topic");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 21, "all offsets are committed");
	drain_process_close(&b);
}

static void a_topic_of_nothing_but_garbage_is_kept_whole(void)
{
	struct papers p = { 0 };

	drain_process_open(&b, 4);
	for (int i = 0; i < 300; i++)
		produce("garbage, and nothing but garbage", 32);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(b.records.quarantined, 300, "300 are in quarantine");
	is_int(topic_read(kafka_mock_bootstrap(b.rig.kafka), DRAIN_PROCESS_QUARANTINE, 1, look, &p), 300,
	        "and in the topic");
	ok(drain_process_said(&b, "goes to quarantine") <= 2, "few lines tell of it");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 300, "all offsets are committed");
	drain_process_close(&b);
}

static int produced;

static bool has_new_handle(struct drain_process *x)
{
	for (int i = 0; i < 2 && produced < 400; i++, produced++)
		produce("garbage, and nothing but garbage", 32);
	return drain_process_said(x, "a new handle was made") > 0;
}

static void write_name(const char *path, const char *name)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(name, f) < 0 || fclose(f) != 0)
		exit(99);
}

/* client.id stands for a password: the broker here asks for none. */
static void a_property_that_changes_in_its_file_costs_no_record(void)
{
	char path[300], option[400];
	struct papers p = { 0 };

	drain_process_open(&b, 1);
	snprintf(path, sizeof(path), "%s/name", b.rig.directory);
	snprintf(option, sizeof(option), "--kafka.producer.property-file=client.id=%s", path);
	write_name(path, "first\n");
	produced = 0;
	ok(drain_process_start(&b, option, NULL), "it serves");
	write_name(path, "second\n");
	ok(drain_process_until(&b, has_new_handle), "the quarantine's producer is made anew");
	for (int i = 0; i < 20; i++, produced++)
		produce("garbage, and nothing but garbage", 32);
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(b.records.quarantined, produced, "every record is in quarantine");
	is_int(topic_read(kafka_mock_bootstrap(b.rig.kafka), DRAIN_PROCESS_QUARANTINE, 1, look, &p), produced,
	        "and in the topic, once");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), produced, "all offsets are committed");
	drain_process_close(&b);
}

static bool has_quarantined(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.quarantined == 1;
}

/* Others fill the collector's queue faster than its store empties it, so its counters show losses behind each POST. */
static void what_is_never_confirmed_has_a_figure_of_its_own(void)
{
	struct stub_store_opts store = { .capacity = 50, .spans_per_second = 500 };
	char option[300];

	drain_process_open_storing(&b, 1, &store);
	stub_store_others(stub_collector_store(b.rig.stub), 20000);
	snprintf(option, sizeof(option), "--drain.quarantine=directory:%s/quarantine", b.rig.directory);
	drain_process_produce_raw(&b, slice_text("bad"), slice_text("a key"), NULL, 0);
	ok(drain_process_start(&b, option, "--collector.confirm-attempts=1", NULL), "it serves");
	ok(drain_process_until(&b, has_quarantined), "a bad record is in quarantine");
	is_int(b.unconfirmed_records, 0, "which is not unconfirmed");
	drain_process_produce(&b, 1, 10);
	ok(drain_process_until(&b, drain_process_all_done), "a record is given up");
	is_int(b.records.quarantined, 2, "it is in quarantine, too");
	ok(b.unconfirmed_records == 1 && b.unconfirmed_spans == 10, "as unconfirmed");
	ok(some_file_has("spanspool-cause: unconfirmed"), "the file says why");
	is_int(drain_process_get(&b, "/metrics"), 200, "so does a metric");
	ok(strstr(buf_cstr(&b.page), "\nspanspool_drain_unconfirmed_spans_total 10\n") != NULL, "of spans");
	ok(strstr(buf_cstr(&b.page), "\nspanspool_drain_unconfirmed_records_total 1\n") != NULL, "and of records");
	drain_process_close(&b);
}

int main(void)
{
	exactly_the_bad_records_go_to_the_quarantine_topic();
	exactly_the_bad_records_go_to_the_quarantine_directory();
	a_quarantine_topic_that_is_missing_is_told_with_its_option();
	what_is_never_confirmed_has_a_figure_of_its_own();
	without_a_quarantine_it_stops_at_a_bad_record();
	nothing_is_committed_beyond_a_record_that_is_not_kept_yet();
	a_topic_of_nothing_but_garbage_is_kept_whole();
	a_property_that_changes_in_its_file_costs_no_record();
	return tap_done();
}
