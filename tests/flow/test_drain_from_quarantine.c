/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_from_quarantine.c — --from-quarantine, of a directory and of a topic: what is delivered leaves the
 * quarantine, what is refused again and what is no record stays as it was, and a kill loses nothing. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batchmake.h"
#include "drain_process.h"
#include "http/server.h"
#include "must.h"
#include "tap_together.h"
#include "topic_read.h"

enum { SLOW_MS = 600000 };

static struct drain_process b;
static char quarantine[400];

/* A collector that refuses each batch of the numbered records, and takes all others. */
static struct http_server *picky;
static char picky_url[100];

/* As the Java client writes it: service "stream-app", one span. */
static const uint8_t compact[] = { 0x1c, 0x18, 0x0a, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0x2d, 0x61, 0x70, 0x70, 0x19,
	0x0c, 0x00, 0x19, 0x1c, 0x16, 0x02, 0x16, 0x00, 0x16, 0x04, 0x16, 0x00, 0x18, 0x07, 0x72, 0x65, 0x63, 0x65,
	0x69, 0x76, 0x65, 0x19, 0x0c, 0x15, 0x02, 0x16, 0x80, 0x89, 0x7a, 0x16, 0x0a, 0x19, 0x0c, 0x19, 0x0c, 0x00,
	0x00 };

static bool has_ended(struct drain_process *x)
{
	return !child_running(x->drain);
}

static int end_status(void)
{
	return drain_process_until(&b, has_ended) ? child_status(b.drain) : -1;
}

static void answer(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	reply->status = 202;
	if (memmem(call->body.at, call->body.len, "svc", 3) != NULL)
		http_reply_error(reply, 400, "no spans of svc");
}

static const struct http_route routes[] = { { "*", "*", answer }, { NULL, NULL, NULL } };

static int run(void)
{
	(void)drain_process_start(&b, "--from-quarantine", quarantine, NULL);
	return end_status();
}

static int run_before_picky(void)
{
	(void)drain_process_start(&b, "--from-quarantine", quarantine, picky_url, NULL);
	return end_status();
}

static bool has_twenty_quarantined(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.quarantined == 20;
}

static void open_fixture(bool of_topic)
{
	struct http_server_opts o = { .routes = routes, .max_body = 1 << 20 };
	struct why why;

	drain_process_open(&b, 1);
	must(units_hostport("127.0.0.1:0", &o.at, &why), &why);
	must(http_server_open(&picky, b.loop, &o, &why), &why);
	snprintf(picky_url, sizeof(picky_url), "--collector.url=http://127.0.0.1:%u", http_server_port(picky));
	snprintf(quarantine, sizeof(quarantine), "--drain.quarantine=%s:%s%s", of_topic ? "topic" : "directory",
	        of_topic ? DRAIN_PROCESS_QUARANTINE : b.rig.directory, of_topic ? "" : "/quarantine");
}

/* 20 records that a collector refused from the live drain, which has stopped; now it takes them. */
static void open_with_twenty_refused(bool of_topic)
{
	open_fixture(of_topic);
	drain_process_produce(&b, 20, 1);
	if (!drain_process_start(&b, quarantine, picky_url, NULL) || !drain_process_until(&b, has_twenty_quarantined) ||
	        drain_process_stop(&b) != 0)
		bail_out("the live drain does not quarantine");
	is_int(drain_process_missing(&b), 20, "a collector has refused 20 records, which are in quarantine");
}

static void close_fixture(void)
{
	http_server_free(picky);
	drain_process_close(&b);
}

/* ---- the directory ---- */

static const char *path_of(const char *name)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/quarantine/%s", b.rig.directory, name);
	return path;
}

static void write_file(const char *name, struct slice bytes)
{
	FILE *f;

	mkdir(path_of(""), 0700);
	f = fopen(path_of(name), "w");
	if (f == NULL || fwrite(bytes.at, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
		bail_out(name);
}

static void write_record(const char *name, struct slice value)
{
	char file[100];

	snprintf(file, sizeof(file), "%s.headers", name);
	write_file(file, slice_text("key: %00k\nspanspool-id: host/1/7\nspanspool-received: 1700000000000\n"
	                            "spanspool-cause: too_large\nspanspool-origin: t/0/7\n"));
	snprintf(file, sizeof(file), "%s.value", name);
	write_file(file, value);
}

static int count_files(void)
{
	DIR *dir = opendir(path_of(""));
	int n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n - 2; /* . and .. */
}

static bool is_there(const char *name)
{
	struct stat st;

	return lstat(path_of(name), &st) == 0;
}

static void a_directory_is_sent_once_and_is_empty_then(void)
{
	uint64_t taken;

	open_with_twenty_refused(false);
	is_int(count_files(), 40, "in 40 files");
	kafka_mock_down(b.rig.kafka);
	(void)drain_process_start(&b, "--from-quarantine", quarantine, "--kafka.consumer.brokers=", NULL);
	is_int(end_status(), 0, "a run without Kafka ends by itself, with 0");
	is_int(drain_process_missing(&b), 0, "it has delivered all");
	is_int(drain_process_duplicates(&b), 0, "once");
	ok(b.taken > 0 && b.taken_marked == b.taken, "marked as perhaps duplicates");
	is_int(count_files(), 0, "the directory is empty");
	ok(child_has_printed(b.drain, "delivered                                  20             20"),
	        "a table says so");
	taken = b.taken;
	is_int(run(), 0, "a second run has nothing to do");
	is_int(b.taken, taken, "and sends nothing");
	close_fixture();
}

static void what_a_collector_still_refuses_stays(void)
{
	struct stat before, after;
	char name[] = "tracing-topic-0-7.value";

	open_with_twenty_refused(false);
	ok(stat(path_of(name), &before) == 0, "a record has its file");
	is_int(run_before_picky(), 1, "a collector refuses all again: exit status 1");
	is_int(count_files(), 40, "every file is there");
	ok(stat(path_of(name), &after) == 0 && after.st_ino == before.st_ino &&
	                after.st_mtim.tv_nsec == before.st_mtim.tv_nsec &&
	                after.st_mtim.tv_sec == before.st_mtim.tv_sec,
	        "and was not written again");
	ok(child_has_printed(b.drain, "  refused                                  20             20"),
	        "the table has the cause");
	ok(child_has_printed(b.drain, "stays in quarantine, refused again: refused: "), "so has a line");
	is_int(run(), 0, "healed, it takes them");
	is_int(drain_process_missing(&b), 0, "all");
	close_fixture();
}

static void one_of_several_may_stay(void)
{
	struct buf v = { 0 };

	open_fixture(false);
	batchmake(&v, "svc", 7, 1, 1);
	write_record("a", slice_text("no batch"));
	write_record("b", buf_slice(&v));
	is_int(run(), 1, "one of two is no batch: exit status 1");
	ok(b.taken == 1 && b.taken_marked == 1 && b.seen[7] == 1, "the other one is delivered, marked");
	ok(strcmp(b.taken_id, "host/1/7") == 0 && strcmp(b.taken_received, "1700000000000") == 0,
	        "with its id and its time");
	ok(count_files() == 2 && is_there("a.value") && is_there("a.headers"), "the bad one alone is left");
	ok(child_has_printed(b.drain, "  malformed                                 1"), "the table has its cause");
	unlink(path_of("a.value"));
	unlink(path_of("a.headers"));
	write_record("c", slice_of(compact, sizeof(compact)));
	is_int(run(), 0, "one in compact protocol");
	is_int(b.taken, 2, "is transcoded and delivered");
	is_int(count_files(), 0, "and removed");
	buf_free(&v);
	close_fixture();
}

static void a_kill_between_delivery_and_removal_repeats_marked(bool of_topic)
{
	open_with_twenty_refused(of_topic);
	stub_collector_delay(b.rig.stub, SLOW_MS);
	ok(drain_process_start(&b, "--from-quarantine", quarantine, NULL), "a run serves");
	ok(drain_process_until(&b, drain_process_all_seen), "the collector has all, and has not answered");
	drain_process_kill(&b);
	stub_collector_delay(b.rig.stub, 0);
	if (!of_topic)
		is_int(count_files(), 40, "killed, it has removed nothing");
	is_int(run(), 0, "the next run");
	is_int(drain_process_duplicates(&b), 20, "sends all once more");
	is_int(b.taken_marked, b.taken, "marked");
	if (!of_topic)
		is_int(count_files(), 0, "then they are removed");
	close_fixture();
}

static void what_is_no_record_is_named_and_left(void)
{
	static const char *const left[] = { "alone.value", "lonely.headers", "half.value.part", "link.value",
		"link.headers", "folder.value", "folder.headers", "others.value", "others.headers" };
	struct buf v = { 0 };

	open_fixture(false);
	batchmake(&v, "svc", 7, 1, 1);
	write_record("good", buf_slice(&v));
	write_file("notes", slice_text("of an operator"));
	is_int(run(), 0, "a file of others beside a record: exit status 0");
	ok(count_files() == 1 && is_there("notes") && b.taken == 1, "it alone is left");
	ok(child_has_printed(b.drain, "notes is no file of a quarantine"), "and is named");
	write_record("good", buf_slice(&v));
	write_record("link", buf_slice(&v));
	write_record("folder", buf_slice(&v));
	write_record("others", buf_slice(&v));
	write_file("alone.value", buf_slice(&v));
	write_file("lonely.headers", slice_text("spanspool-cause: too_large\n"));
	write_file("half.value.part", buf_slice(&v));
	write_file("others.headers", slice_text("a: b\n"));
	unlink(path_of("link.value"));
	unlink(path_of("folder.value"));
	mkdir(path_of("folder.value"), 0700);
	if (symlink("alone.value", path_of("link.value")) < 0)
		bail_out("no link");
	is_int(run(), 1, "halves, parts, links: exit status 1");
	is_int(b.taken, 2, "the one record was delivered");
	is_int(count_files(), ARRAY_LEN(left) + 1, "all else is left");
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		ok(is_there(left[i]), "%s is there", left[i]);
	ok(child_has_printed(b.drain, "alone.value stands there without alone.headers") &&
	                child_has_printed(b.drain, "lonely.headers stands there without lonely.value") &&
	                child_has_printed(b.drain, "half.value.part is a part") &&
	                child_has_printed(b.drain, "link.value is a link") &&
	                child_has_printed(b.drain, "folder.value is no regular file") &&
	                child_has_printed(b.drain, "others.headers is none that a quarantine has written"),
	        "and named");
	ok(child_has_printed(b.drain, "unreadable                                  6"), "and counted");
	buf_free(&v);
	close_fixture();
}

static bool has_twenty_in_flight(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.in_flight == 20;
}

static void a_stop_waits_for_answers(void)
{
	open_with_twenty_refused(false);
	stub_collector_hang(b.rig.stub, true);
	ok(drain_process_start(&b, "--from-quarantine", quarantine, "--shutdown.timeout=1m", NULL), "a run serves");
	ok(drain_process_until(&b, has_twenty_in_flight), "20 are in flight");
	is_int(drain_process_get(&b, "/metrics"), 200, "it has metrics");
	is_int(drain_process_get(&b, "/status"), 200, "and a status");
	child_signal(b.drain, SIGTERM);
	stub_collector_hang(b.rig.stub, false);
	is_int(end_status(), 0, "SIGTERM: it waits for the answers, and nothing is left");
	is_int(count_files(), 0, "what is delivered is removed");
	close_fixture();
	open_with_twenty_refused(false);
	stub_collector_down(b.rig.stub);
	ok(drain_process_start(&b, "--from-quarantine", quarantine, NULL), "a run before a collector that is away");
	is_int(drain_process_stop(&b), 1, "SIGTERM: exit status 1");
	is_int(count_files(), 40, "everything is left");
	close_fixture();
}

static void a_dry_run_of_a_directory_counts(void)
{
	open_with_twenty_refused(false);
	write_record("bad", slice_text("no batch"));
	(void)drain_process_start(&b, "--from-quarantine", quarantine, "--dry-run", "--json", NULL);
	is_int(end_status(), 0, "a dry run");
	ok(child_has_printed(b.drain, "{\"service\":\"svc\",\"records\":20,\"spans\":20}"), "counts by service");
	ok(child_has_printed(b.drain, "\"no_batch\":{\"records\":1,"), "and what is no batch");
	ok(child_has_printed(b.drain, "\"times\":[{\"from\":\"20"), "and by time");
	ok(b.taken == 0 && count_files() == 42, "it sends and removes nothing");
	close_fixture();
}

static void two_runs_do_not_share_a_directory(void)
{
	struct child *second = NULL;
	const char *options[] = { "--from-quarantine", quarantine, NULL };

	open_with_twenty_refused(false);
	stub_collector_hang(b.rig.stub, true);
	ok(drain_process_start(&b, "--from-quarantine", quarantine, NULL), "a run serves");
	drain_process_launch(&b, &second, b.admin, options);
	ok(child_wait(second, 30000) == 0 && child_status(second) != 0 &&
	                child_has_printed(second, "another process sends what stands there"),
	        "a second one beside it is refused, with the reason");
	child_free(second);
	stub_collector_hang(b.rig.stub, false);
	is_int(end_status(), 0, "the first one ends");
	is_int(drain_process_duplicates(&b), 0, "nothing was sent twice");
	close_fixture();
}

/* ---- the topic ---- */

static void a_topic_is_sent_once(void)
{
	uint64_t taken;

	open_with_twenty_refused(true);
	is_int(run(), 0, "a run through the topic ends by itself, with 0");
	is_int(drain_process_missing(&b), 0, "it has delivered all");
	is_int(drain_process_duplicates(&b), 0, "once");
	ok(b.taken > 0 && b.taken_marked == b.taken, "marked as perhaps duplicates");
	ok(child_has_printed(b.drain, "delivered                                  20             20"),
	        "a table says so");
	ok(child_has_printed(b.drain, "as group " DRAIN_PROCESS_GROUP "-from-quarantine"), "in a group of its own");
	taken = b.taken;
	is_int(run(), 0, "a second run has nothing to do");
	is_int(b.taken, taken, "and sends nothing");
	is_int(drain_process_committed(&b), 20, "the live drain's offsets are where they were");
	(void)drain_process_start(&b, "--from-quarantine", quarantine, "--from=beginning", NULL);
	is_int(end_status(), 0, "--from=beginning");
	is_int(drain_process_duplicates(&b), 20, "sends all once more");
	close_fixture();
}

struct papers {
	int records, causes, origins, origins_of_topic, with_key, with_id;
};

static int count_header(const rd_kafka_message_t *m, const char *name, const char *begins)
{
	rd_kafka_headers_t *headers;
	const void *at;
	size_t len;
	int n = 0;

	if (rd_kafka_message_headers(m, &headers) != 0)
		return 0;
	while (rd_kafka_header_get(headers, (size_t)n, name, &at, &len) == 0 &&
	        strncmp(at, begins, strlen(begins)) == 0)
		n++;
	return n;
}

static void look(void *arg, const rd_kafka_message_t *m)
{
	struct papers *p = arg;

	p->records++;
	p->causes += count_header(m, "spanspool-cause", "");
	p->origins += count_header(m, "spanspool-origin", "");
	p->origins_of_topic += count_header(m, "spanspool-origin", DRAIN_PROCESS_TOPIC "/0/");
	p->with_key += m->key_len == 3 && memcmp(m->key, "key", 3) == 0;
	p->with_id += count_header(m, "spanspool-id", "host/1/7");
}

static bool has_one_quarantined(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.quarantined == 1;
}

static void what_is_refused_again_keeps_its_origin(void)
{
	const struct kafka_header id = { "spanspool-id", { (const uint8_t *)"host/1/7", 8 } };
	struct papers p = { 0 };

	open_fixture(true);
	drain_process_produce_raw(&b, slice_text("no batch"), slice_text("key"), &id, 1);
	if (!drain_process_start(&b, quarantine, NULL) || !drain_process_until(&b, has_one_quarantined) ||
	        drain_process_stop(&b) != 0)
		bail_out("the live drain does not quarantine");
	is_int(run(), 1, "a record that is refused again: exit status 1");
	ok(child_has_printed(b.drain, "  malformed                                 1"), "the table has its cause");
	is_int(run(), 1, "and again");
	is_int(topic_read(kafka_mock_bootstrap(b.rig.kafka), DRAIN_PROCESS_QUARANTINE, 1, look, &p), 3,
	        "each time it goes to the quarantine once");
	ok(p.causes == 3 && p.origins == 3, "with one cause and one origin each");
	is_int(p.origins_of_topic, 3, "the first one's");
	ok(p.with_key == 3 && p.with_id == 3, "its key and its own headers");
	close_fixture();
}

static bool names_the_option(struct drain_process *x)
{
	return child_has_printed(x->drain, "correct the option drain.quarantine");
}

static void a_topic_that_is_missing_is_told_with_its_option(void)
{
	open_fixture(true);
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ok(drain_process_start(&b, "--from-quarantine", quarantine, NULL), "a run whose topic is missing serves");
	ok(drain_process_until(&b, names_the_option), "a line names the option of that topic");
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_QUARANTINE, 0);
	is_int(end_status(), 0, "when it is made the run ends: nothing is in it");
	close_fixture();
}

static void a_dry_run_of_a_topic_counts(void)
{
	open_with_twenty_refused(true);
	(void)drain_process_start(&b, "--from-quarantine", quarantine, "--dry-run", "--json", NULL);
	is_int(end_status(), 0, "a dry run");
	ok(child_has_printed(b.drain, "{\"service\":\"svc\",\"records\":20,\"spans\":20}"), "counts by service");
	is_int(b.taken, 0, "it sends nothing");
	is_int(run(), 0, "and has moved no offset:");
	is_int(drain_process_missing(&b), 0, "a run delivers all");
	close_fixture();
}

static void a_kill_in_a_directory_repeats_marked(void)
{
	a_kill_between_delivery_and_removal_repeats_marked(false);
}

static void a_kill_in_a_topic_repeats_marked(void)
{
	a_kill_between_delivery_and_removal_repeats_marked(true);
}

int main(void)
{
	struct tap_case cases[] = {
		TAP_CASE(a_directory_is_sent_once_and_is_empty_then),
		TAP_CASE(what_a_collector_still_refuses_stays),
		TAP_CASE(one_of_several_may_stay),
		TAP_CASE(a_kill_in_a_directory_repeats_marked),
		TAP_CASE(what_is_no_record_is_named_and_left),
		TAP_CASE(a_stop_waits_for_answers),
		TAP_CASE(a_dry_run_of_a_directory_counts),
		TAP_CASE(two_runs_do_not_share_a_directory),
		TAP_CASE(a_topic_is_sent_once),
		TAP_CASE(what_is_refused_again_keeps_its_origin),
		TAP_CASE(a_kill_in_a_topic_repeats_marked),
		TAP_CASE(a_topic_that_is_missing_is_told_with_its_option),
		TAP_CASE(a_dry_run_of_a_topic_counts),
	};

	tap_together(cases, ARRAY_LEN(cases));
	return tap_done();
}
