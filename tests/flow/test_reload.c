/* SPDX-License-Identifier: Apache-2.0 */
/* test_reload.c — SIGHUP: the agent reads its options again while it serves, and keeps every span. */
#include <signal.h>
#include <unistd.h>

#include "agent_process.h"
#include "loglines.h"
#include "must.h"
#include "tap.h"
#include "tempdir.h"

enum { SPANS = 500, RELOADS = 1000, CHUNK = 1000, RATE = 5000 };

static struct agent_process s;
static char option[PATH_MAX + 32], *file;

/* Writes the file of options anew, whole at every moment. */
static void write_file(const char *text)
{
	char new[PATH_MAX + 8];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", file);
	f = fopen(new, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || rename(new, file) < 0)
		bail_out("the file of options cannot be written");
}

static void open_agent(const char *text)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	file = option + snprintf(option, sizeof(option), "--config-file=");
	rig_path(&s.rig, "agent.yaml", file);
	write_file(text);
	ok(agent_process_start(&s, option, NULL), "it serves");
}

static bool has_printed(void *arg)
{
	return child_has_printed(s.agent, arg);
}

static bool said(const char *text)
{
	return agent_process_until(&s, has_printed, (void *)(uintptr_t)text);
}

static void what_can_change_does_and_the_rest_is_named(void)
{
	open_agent("spool.max-age: 0\nlog-level: info\n");
	write_file("spool.max-bytes: 123MiB\nlog-level: debug\nflight.max-bytes: 20MiB\nkafka.producer.topic: other\n");
	child_signal(s.agent, SIGHUP);
	ok(said("agent: reload: the options were read again; changed: spool.max-bytes, log-level; needs a restart: "
	        "kafka.producer.topic, flight.max-bytes"),
	        "one line names both");
	is_int(agent_process_metric(&s, "spanspool_spool_limit_bytes"), 123 << 20, "spool.max-bytes has changed");
	is_int(agent_process_metric(&s, "spanspool_flight_limit_bytes"), 16 << 20, "flight.max-bytes has not");
	child_signal(s.agent, SIGHUP);
	ok(said("agent: reload: the options were read again; needs a restart: kafka.producer.topic, "
	        "flight.max-bytes"),
	        "a second reload names what still does");
	is_int(agent_process_stop(&s), 0, "it stops");
	agent_process_end(&s);
}

static void a_file_with_an_error_changes_nothing(void)
{
	char sentence[PATH_MAX + 100];

	open_agent("spool.max-bytes: 100MiB\n");
	write_file("spool.max-bytes: 200MiB\nspool.max-age: soon\n");
	child_signal(s.agent, SIGHUP);
	snprintf(
	        sentence, sizeof(sentence), "agent: reload: the options stay as they are: %s:2: spool.max-age: ", file);
	ok(said(sentence), "the error names the file and the line");
	is_int(agent_process_metric(&s, "spanspool_spool_limit_bytes"), 100 << 20, "the other line is not taken");
	unlink(file);
	child_signal(s.agent, SIGHUP);
	ok(said("No such file"), "a file that is gone is an error too");
	is_int(agent_process_metric(&s, "spanspool_spool_limit_bytes"), 100 << 20, "and changes nothing");
	agent_process_end(&s);
}

/* segment-bytes needs a restart, so the new max-bytes would stand beside the old segment-bytes. */
static void options_that_do_not_fit_together_are_refused(void)
{
	open_agent("spool.segment-bytes: 64MiB\nspool.max-bytes: 1GiB\n");
	write_file("spool.segment-bytes: 4MiB\nspool.max-bytes: 16MiB\n");
	child_signal(s.agent, SIGHUP);
	ok(said("agent: reload: the options stay as they are: "),
	        "the new value does not fit to the old one of another option");
	ok(said("one segment would be larger than the whole spool"), "the reason is told");
	is_int(agent_process_metric(&s, "spanspool_spool_limit_bytes"), 1 << 30, "the old values stay");
	agent_process_end(&s);
}

static bool limit_is(void *arg)
{
	return agent_process_metric(&s, "spanspool_spool_limit_bytes") == *(const double *)arg;
}

static void a_changed_bound_bounds(void)
{
	double limit = 8 << 20;

	open_agent("spool.max-bytes: 1GiB\nspool.segment-bytes: 4MiB\n");
	stub_collector_down(s.rig.stub);
	write_file("spool.max-bytes: 8MiB\nspool.segment-bytes: 4MiB\n");
	child_signal(s.agent, SIGHUP);
	ok(agent_process_until(&s, limit_is, &limit), "spool.max-bytes is lowered");
	agent_process_send(&s, 150000, 0);
	ok(said("spans dropped (spool_full"), "the spool is full at the new bound");
	agent_process_end(&s);
}

struct reloads {
	unsigned n, asked;
};

/* A reload as soon as the one before is over, each with other values. */
static void on_burst(void *arg, uint64_t next)
{
	static const char *const texts[] = {
		"agent.tags: a=1\nspool.max-bytes: 1GiB\nspool.on-full: drop-oldest\n",
		"agent.tags: a=1,b=two\nspool.max-bytes: 2GiB\nspool.on-full: drop-newest\nspool.max-age: 10h\n",
		"agent.tags: no-tag\n",
	};
	struct reloads *r = arg;

	(void)next;
	r->n = (unsigned)log_lines_with(agent_process_log(&s), "agent: reload: the options");
	if (r->n < r->asked || r->asked == RELOADS)
		return;
	write_file(texts[r->asked % ARRAY_LEN(texts)]);
	r->asked++;
	child_signal(s.agent, SIGHUP);
}

static void reloads_under_load_lose_and_double_nothing(void)
{
	struct reloads r = { 0 };
	struct tally_count c;

	open_agent("log-level: info\n");
	s.each_burst = on_burst;
	s.each_arg = &r;
	for (int i = 0; i < 600 && r.n < RELOADS; i++)
		agent_process_send(&s, CHUNK, RATE);
	s.each_burst = NULL;
	is_int(r.n, RELOADS, "it is reloaded again and again under load");
	ok(agent_process_is_empty(&s), "all leave the agent");
	c = tally_total(s.tally);
	is_int(c.missing, 0, "every span arrived");
	is_int(c.duplicates, 0, "none twice");
	is_int(agent_process_ledger(&s)->accepted.spans, c.sent, "and each is in the ledger once");
	agent_process_end(&s);
}

int main(void)
{
	what_can_change_does_and_the_rest_is_named();
	a_file_with_an_error_changes_nothing();
	options_that_do_not_fit_together_are_refused();
	a_changed_bound_bounds();
	reloads_under_load_lose_and_double_nothing();
	return tap_done();
}
