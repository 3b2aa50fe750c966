/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_files.c — a file that a property names is changed while records flow: the clients are made
 * anew with what stands in it, nothing is lost, nothing comes twice, and the group keeps its place. */
#include "conf.h"
#include "kafka_group_fix.h"
#include "producer_internal.h"
#include "watch.h"
#include "tempdir.h"

/* The producer's fixture has names that the group's has too, so it is small and here. */
enum { SENT = 300 };

struct writer {
	struct loop *loop;
	struct kafka_producer *p;
	int sent, persisted, other, full;
	int room;
};

static char dir[TEMPDIR_PATH], path[TEMPDIR_PATH + 16];

static void put_file(const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		exit(99);
	fputs(text, f);
	fclose(f);
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct writer *w = arg;

	(void)token, (void)detail;
	*(outcome == KAFKA_PERSISTED ? &w->persisted : &w->other) += 1;
}

static void on_room(void *arg)
{
	((struct writer *)arg)->room++;
}

static void writer_open(struct writer *w, struct mockproc *broker, const char *property)
{
	struct kafka_property p = { property, path, true };
	struct kafka_producer_opts opts = {
		.brokers = broker->brokers, .topic = "spans", .properties = &p, .nproperties = 1, .linger_ms = 1
	};
	struct kafka_producer_events events = { on_report, on_room, w };
	struct why why;

	*w = (struct writer){ .sent = 0 };
	mockproc_start(broker, 1);
	mockproc_say(broker, "topic spans %d", PARTITIONS);
	opts.brokers = broker->brokers;
	if (loop_open(&w->loop, &why) < 0 || kafka_producer_open(&w->p, w->loop, &opts, &events, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
}

static void writer_close(struct writer *w, struct mockproc *broker)
{
	kafka_producer_free(w->p);
	loop_free(w->loop);
	mockproc_stop(broker);
}

/* One record; the answer. */
static int put(struct writer *w)
{
	struct kafka_record r = { .value = slice_text("x") };
	int rc = kafka_producer_send(w->p, &r, w);

	w->sent += rc == 0;
	w->full += rc == E_FULL;
	return rc;
}

static const char *property_of(struct writer *w, const char *name)
{
	static char text[80];

	return kafka_conf_text(w->p->conf, name, text, sizeof(text));
}

static bool all_persisted(void *arg)
{
	struct writer *w = arg;

	return w->persisted + w->other == w->sent;
}

struct change {
	struct writer *w;
	const char *name;
	const char *value;
	char old[64]; /* name of the handle before it */
};

/* Sends all the while; looks as often as the watch lets it. */
static bool is_in_use(void *arg)
{
	struct change *c = arg;

	if (c->w->sent < SENT)
		(void)!put(c->w);
	kafka_watch_now(c->w->p->watch);
	return strcmp(property_of(c->w, c->name), c->value) == 0 && c->w->p->main.rk != NULL && !c->w->p->main.failed &&
	       strcmp(rd_kafka_name(c->w->p->main.rk), c->old) != 0;
}

static void note_handle(struct change *c)
{
	snprintf(c->old, sizeof(c->old), "%s", rd_kafka_name(c->w->p->main.rk));
}

static void a_producer_takes_what_the_file_says_now(void)
{
	struct mockproc broker;
	struct writer w;
	struct change c = { &w, "client.id", "second", "" };

	put_file("first\n");
	writer_open(&w, &broker, "client.id");
	is_text(property_of(&w, "client.id"), "first", "the value is the file's first line");
	note_handle(&c);
	for (int i = 0; i < 50; i++)
		(void)!put(&w);
	put_file("second\n");
	ok(wait_until(w.loop, is_in_use, &c, SECONDS), "a new handle has the new value");
	is_int(put(&w), 0, "and takes records");
	ok(wait_until(w.loop, all_persisted, &w, SECONDS), "all %d are reported", w.sent);
	is_int(w.other, 0, "as persisted: the old handle was emptied first, not purged");
	is_int(kafka_producer_stats(w.p)->refused, 0, "meanwhile none was refused: it was only full for a moment");
	is_int(kafka_producer_stats(w.p)->fatal, 0, "and that is no fatal error");
	writer_close(&w, &broker);
}

static bool has_looked(void *arg)
{
	struct change *c = arg;

	kafka_watch_now(c->w->p->watch);
	return kafka_watch_reads(c->w->p->watch) >= 2;
}

static void what_cannot_be_used_keeps_the_handle(void)
{
	struct mockproc broker;
	struct writer w;
	struct change c = { &w, "compression.codec", "gzip", "" };

	put_file("lz4\n");
	writer_open(&w, &broker, "compression.codec");
	note_handle(&c);
	put_file("junk\n");
	ok(wait_until(w.loop, has_looked, &c, SECONDS), "the file is read again, twice");
	is_text(rd_kafka_name(w.p->main.rk), c.old, "junk in it: the handle stays");
	is_text(property_of(&w, "compression.codec"), "lz4", "with its value");
	unlink(path);
	is_int(put(&w), 0, "it takes records, also while the file is missing");
	put_file("gzip\n");
	ok(wait_until(w.loop, is_in_use, &c, SECONDS), "until the file can be used");
	ok(wait_until(w.loop, all_persisted, &w, SECONDS) && w.other == 0, "nothing was lost");
	writer_close(&w, &broker);
}

static void a_file_that_is_the_same_changes_nothing(void)
{
	struct mockproc broker;
	struct writer w;
	struct change c = { &w, "client.id", "first", "" };

	put_file("first\n");
	writer_open(&w, &broker, "client.id");
	note_handle(&c);
	put_file("first\n");
	ok(wait_until(w.loop, has_looked, &c, SECONDS), "written anew with the same content");
	ok(w.p->main.rk != NULL && !w.p->main.failed && strcmp(rd_kafka_name(w.p->main.rk), c.old) == 0,
	        "the handle stays");
	writer_close(&w, &broker);
}

/* The broker is away: what the handle holds cannot leave it. */
static void an_outage_does_not_hold_up_the_change(void)
{
	struct mockproc broker;
	struct writer w;
	struct change c = { &w, "client.id", "second", "" };

	put_file("first\n");
	writer_open(&w, &broker, "client.id");
	note_handle(&c);
	mockproc_say(&broker, "down");
	for (int i = 0; i < 50; i++)
		(void)!put(&w);
	put_file("second\n");
	ok(wait_until(w.loop, is_in_use, &c, SECONDS), "a new handle is made within some seconds");
	ok(w.other > 0, "what the old one held comes back: %d records", w.other);
	mockproc_say(&broker, "up");
	ok(wait_until(w.loop, all_persisted, &w, SECONDS), "the rest is delivered");
	writer_close(&w, &broker);
}

static char first_handle[64];

static bool member_is_anew(void *arg)
{
	struct group *g = arg;

	kafka_watch_now(g->a.c->watch);
	return g->a.c->rk != NULL && strcmp(rd_kafka_name(g->a.c->rk), first_handle) != 0 &&
	       member_owns(&g->a) == PARTITIONS;
}

static void a_consumer_keeps_its_place(void)
{
	struct kafka_property id = { "client.id", path, true };
	struct group *g = group_start();

	put_file("first\n");
	group_produce(g, 50);
	member_join_with(g, &g->a, &id);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "all is read");
	snprintf(first_handle, sizeof(first_handle), "%s", rd_kafka_name(g->a.c->rk));
	put_file("second\n");
	ok(wait_until(g->loop, member_is_anew, g, SECONDS), "a new handle has joined the group");
	is_int(g->a.lost, 0, "the old one left it in order");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "what comes then is read");
	is_int(group_saw_twice(g), 0, "and nothing twice");
	group_stop(g);
}

int main(void)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	tempdir_make(dir);
	snprintf(path, sizeof(path), "%s/secret", dir);
	a_producer_takes_what_the_file_says_now();
	what_cannot_be_used_keeps_the_handle();
	a_file_that_is_the_same_changes_nothing();
	an_outage_does_not_hold_up_the_change();
	a_consumer_keeps_its_place();
	tempdir_remove(dir);
	return tap_done();
}
