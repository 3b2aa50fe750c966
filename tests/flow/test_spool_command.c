/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_command.c — `spanspool spool` over the spool of a real agent: beside it while it runs, and
 * at rest with damage in it. */
#include <config.h>

#include <fcntl.h>
#include <jansson.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "dir_hash.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"

static struct dir_hash before, after;

static const char *spool_of(const struct agent_process *s)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/spool", s->rig.directory);
	return path;
}

/* Runs `spanspool spool WORDS` over the stage's spool. Gives the exit status. */
static int run(struct agent_process *s, const char *words)
{
	char line[2048];
	int status;

	snprintf(line, sizeof(line), "%s spool %s --spool.directory=%s >%s/out 2>%s/err", agent_process_program(),
	        words, spool_of(s), s->rig.directory, s->rig.directory);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What it wrote: "out" or "err". Valid until the next call. */
static const char *said(struct agent_process *s, const char *where)
{
	static struct buf text;
	char path[256], part[4096];
	size_t n;
	FILE *f;

	buf_clear(&text);
	snprintf(path, sizeof(path), "%s/%s", s->rig.directory, where);
	f = fopen(path, "r");
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&text, part, n);
	if (f != NULL)
		fclose(f);
	return buf_cstr(&text);
}

static json_t *said_json(struct agent_process *s)
{
	return json_loads(said(s, "out"), 0, NULL);
}

static json_int_t number(json_t *in, const char *a, const char *b, const char *c)
{
	in = json_object_get(in, a);
	in = b == NULL ? in : json_object_get(in, b);
	return json_integer_value(c == NULL ? in : json_object_get(in, c));
}

static bool names_the_agent(struct agent_process *s, pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "process %d ", (int)pid);
	return strstr(said(s, "err"), text) != NULL;
}

/* Lines of an export, and the spans in them. */
static unsigned lines_said(struct agent_process *s, json_int_t *spans)
{
	const char *at = said(s, "out");
	unsigned n = 0;

	*spans = 0;
	while (*at != '\0') {
		size_t len = strcspn(at, "\n");
		json_t *o = json_loadb(at, len, JSON_ALLOW_NUL, NULL);

		n += o != NULL;
		*spans += (json_int_t)json_array_size(json_object_get(json_object_get(o, "batch"), "spans"));
		json_decref(o);
		at += len + (at[len] == '\n');
	}
	return n;
}

static void wait_in_spool(struct agent_process *s, uint64_t spans)
{
	agent_process_open(s, AGENT_PROCESS_DIRECT);
	stub_collector_down(s->rig.stub);
	ok(agent_process_start(s, NULL), "the agent serves without a collector");
	agent_process_send(s, spans, 5000);
	ok(agent_process_holds(s, LEDGER_IN_SPOOL, spans), "%d spans wait in the spool", (int)spans);
}

static void beside_a_running_agent_it_looks_and_nothing_else(void)
{
	static const char *const not_live[] = { "verify", "repair", "repair --apply" };
	json_t *stat, *ledger;
	json_int_t spans;
	char line[2048];
	const char *told;
	struct agent_process s;

	wait_in_spool(&s, 2000);
	is_int(run(&s, "stat --json"), 0, "stat looks");
	stat = said_json(&s);
	is_int(number(stat, "process", NULL, NULL), child_pid(s.agent), "it names the agent");
	is_int(number(stat, "waiting", "spans", NULL), 2000, "2,000 spans wait");
	ok(json_is_string(json_object_get(json_object_get(stat, "waiting"), "oldest")), "since when");
	agent_process_get(&s, "/ledger");
	run(&s, "stat --json");
	json_decref(stat);
	stat = said_json(&s);
	ledger = json_object_get(stat, "ledger");
	is_int(number(ledger, "spans", "in_spool", NULL),
	        (json_int_t)agent_process_ledger(&s)->place[LEDGER_IN_SPOOL].spans, "its ledger is the agent's");
	is_int(number(ledger, "datagrams", "received", NULL), (json_int_t)s.ledger.received, "to the datagram");
	json_decref(stat);
	is_int(run(&s, "ls --json"), 0, "ls looks");
	stat = said_json(&s);
	ok(json_array_size(stat) > 0 && number(json_array_get(stat, 0), "waiting", NULL, NULL) == 200,
	        "at the segments: 200 batches in the first");
	json_decref(stat);
	snprintf(line, sizeof(line), "%s spool export --spool.directory=%s 2>%s/err >/dev/full",
	        agent_process_program(), spool_of(&s), s.rig.directory);
	is_int(WEXITSTATUS(system(line)), 1, "an export that cannot be written fails");
	told = strstr(said(&s, "err"), "could not be written");
	ok(told != NULL && strstr(told + 1, "could not be written") == NULL, "and says so once");
	is_int(run(&s, "export"), 0, "export reads");
	is_int(lines_said(&s, &spans), 200, "every batch that waits");
	is_int(spans, 2000, "with all its spans");
	for (size_t i = 0; i < ARRAY_LEN(not_live); i++) {
		is_int(run(&s, not_live[i]), 1, not_live[i]);
		ok(names_the_agent(&s, child_pid(s.agent)), "is refused: %s", said(&s, "err"));
	}
	agent_process_end(&s);
}

/* Looks without a pause until the file "enough" is there; fails when one of them does. */
static struct child *look_on_and_on(struct agent_process *s)
{
	static char script[2048];
	const char *argv[] = { "sh", "-c", script, NULL };
	struct child_opts o = { .program = "/bin/sh", .argv = argv };
	struct child *c;
	struct why why;

	snprintf(script, sizeof(script),
	        "n=0; while [ ! -e %s/enough ]; do for verb in stat ls export 'ls --json' "
	        "'quarantine ls'; do "
	        "%s spool $verb --spool.directory=%s >%s/look 2>&1 || exit 1; n=$((n+1)); done; "
	        "done; "
	        "[ $n -ge 5 ]",
	        s->rig.directory, agent_process_program(), spool_of(s), s->rig.directory);
	if (child_start(&c, &o, &why) < 0)
		printf("Bail out! %s\n", why.text);
	return c;
}

static void looks_on_and_on_do_not_disturb_the_agent(void)
{
	char enough[256];
	struct child *looks;
	struct agent_process s;

	wait_in_spool(&s, 1000);
	looks = look_on_and_on(&s);
	agent_process_send(&s, 4000, 4000);
	ok(agent_process_metric(&s, "spanspool_spool_oldest_age_seconds") > 0, "the oldest has an age");
	ok(agent_process_metric(&s, "spanspool_spool_time_to_empty_seconds") > 1e12, "and no end is in state");
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0, "the collector is back");
	agent_process_send(&s, 4000, 4000);
	ok(agent_process_all_stored(&s), "every span is stored");
	ok(agent_process_is_empty(&s), "and nothing waits");
	ok(agent_process_metric(&s, "spanspool_refill_spans_per_second") > 0, "the refill had a rate");
	is_int((int64_t)agent_process_metric(&s, "spanspool_spool_time_to_empty_seconds"), 0, "it is empty");
	is_int((int64_t)agent_process_metric(&s, "spanspool_spool_oldest_age_seconds"), 0, "nothing in it is old");
	snprintf(enough, sizeof(enough), "%s/enough", s.rig.directory);
	close(open(enough, O_CREAT | O_WRONLY, 0600));
	ok(child_wait(looks, 30000) == 0 && child_status(looks) == 0, "every look came off");
	child_free(looks);
	ok(tally_total(s.tally).duplicates <= agent_process_ledger(&s)->maybe_duplicate.spans,
	        "none is stored twice but what was sent again with a mark");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

/* One record that waits, so that verify finds it. False: it does not. */
static bool break_one(struct agent_process *s)
{
	char path[400];
	bool met = false;
	int fd;

	snprintf(path, sizeof(path), "%s/seg-0000000000000001/data.mdb", spool_of(s));
	fd = open(path, O_RDWR);
	for (off_t page = 50; page < 150 && !met; page++) {
		uint8_t byte, broken;

		if (pread(fd, &byte, 1, page * 4096 + 2000) != 1)
			break;
		broken = byte ^ 1;
		if (pwrite(fd, &broken, 1, page * 4096 + 2000) != 1)
			break;
		met = run(s, "verify") == 3 && strstr(said(s, "out"), "1 batches lost") != NULL;
		if (!met && pwrite(fd, &byte, 1, page * 4096 + 2000) != 1)
			break;
	}
	close(fd);
	return met;
}

static void what_is_damaged_is_found_and_mended_and_the_rest_delivered(void)
{
	struct agent_process s;
	json_t *o;

	wait_in_spool(&s, 2000);
	is_int(agent_process_stop(&s), 0, "the agent stops");
	is_int(run(&s, "verify"), 0, "nothing is damaged");
	ok(strstr(said(&s, "out"), "200 batches with 2000 spans are whole") != NULL, "%s", said(&s, "out"));
	is_int(run(&s, "repair"), 0, "there is nothing to repair");
	ok(break_one(&s), "a broken record is found: %s", said(&s, "out"));
	is_int(run(&s, "verify --json"), 3, "verify says so with 3");
	o = said_json(&s);
	is_int(number(o, "lost_waiting", NULL, NULL), 1, "one batch is lost");
	is_int(number(o, "records", NULL, NULL), 199, "the others are whole");
	json_decref(o);
	dir_hash_take(&before, spool_of(&s));
	is_int(run(&s, "repair"), 3, "repair has a plan");
	ok(strstr(said(&s, "out"), "199 batches") != NULL, "%s", said(&s, "out"));
	dir_hash_take(&after, spool_of(&s));
	ok(dir_hash_differ(&before, &after) == NULL, "and has changed nothing");
	ok(setenv("SPANSPOOL_APPLY", "true", 1) == 0 && run(&s, "repair") == 2, "the environment does not make it: %s",
	        said(&s, "err"));
	unsetenv("SPANSPOOL_APPLY");
	is_int(run(&s, "repair --apply"), 0, "asked for, it repairs");
	dir_hash_take(&after, spool_of(&s));
	ok(dir_hash_lost(&before, &after) == NULL, "every file that was there is somewhere");
	ok(after.bytes >= before.bytes, "no byte is gone");
	is_int(run(&s, "repair"), 0, "done again it has nothing to do");
	is_int(run(&s, "quarantine ls"), 0, "the damaged segment");
	ok(strstr(said(&s, "out"), "seg-0000000000000001.bad") != NULL, "is in quarantine");
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0 && agent_process_start(&s, NULL), "all is up again");
	ok(agent_process_is_empty(&s), "the agent empties the spool");
	is_int(tally_total(s.tally).stored, 1990, "all that was intact is stored");
	is_int(agent_process_ledger(&s)->place[LEDGER_QUARANTINED].spans, 10, "the ledger has the rest, to the span");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	is_int(run(&s, "verify"), 0, "and nothing is damaged any more");
	agent_process_end(&s);
}

/* A wrong byte in a slot of the state, and the one segment by a strange name. */
static void mix_up(struct agent_process *s)
{
	char path[300], from[300], to[300];
	const uint8_t byte = 0x33;
	int fd;

	snprintf(path, sizeof(path), "%s/state", spool_of(s));
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, &byte, 1, 2 * 4096 + 30) != 1)
		exit(99);
	close(fd);
	snprintf(from, sizeof(from), "%s/seg-0000000000000001", spool_of(s));
	snprintf(to, sizeof(to), "%s/seg-00000000000000aa", spool_of(s));
	if (rename(from, to) < 0)
		exit(99);
}

static size_t widest_line(const char *text)
{
	size_t most = 0;

	for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
		most = max_u64(most, strcspn(text, "\n"));
	return most;
}

static void what_stands_around_the_records_is_mended_too(void)
{
	struct agent_process s;
	json_t *o;

	wait_in_spool(&s, 2000);
	is_int(agent_process_stop(&s), 0, "the agent stops");
	mix_up(&s);
	is_int(run(&s, "ls"), 0, "the segments");
	ok(strstr(said(&s, "out"), "misnamed") != NULL, "one is misnamed");
	ok(widest_line(said(&s, "out")) <= 80, "and the lines fit a terminal");
	is_int(run(&s, "verify --json"), 3, "verify says so with 3");
	o = said_json(&s);
	is_int(json_array_size(json_object_get(o, "damages")), 1, "of the state; a wrong name is no damage");
	is_int(number(o, "lost", NULL, NULL), 0, "no batch is lost");
	is_int(number(o, "records", NULL, NULL), 200, "all are whole");
	json_decref(o);
	is_int(run(&s, "repair"), 3, "repair has a plan");
	ok(strstr(said(&s, "out"), "slots of the state") != NULL &&
	                strstr(said(&s, "out"), "seg-00000000000000aa") == NULL,
	        "for the state alone: %s", said(&s, "out"));
	is_int(run(&s, "repair --apply --json"), 0, "asked for, it repairs");
	o = said_json(&s);
	ok(json_is_true(json_object_get(o, "state")), "the state");
	json_decref(o);
	is_int(run(&s, "verify"), 0, "nothing is wrong any more");
	is_int(run(&s, "repair"), 0, "and there is nothing to do");
	is_int(run(&s, "quarantine ls"), 0, "in quarantine");
	ok(strstr(said(&s, "out"), "no record") != NULL, "%s", said(&s, "out"));
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0 && agent_process_start(&s, NULL), "all is up again");
	ok(agent_process_all_stored(&s), "every span is stored");
	agent_process_end(&s);
}

static void what_was_refused_can_be_tried_again(void)
{
	uint64_t refused;
	struct agent_process s;
	json_t *list;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 10, 0);
	ok(agent_process_all_stored(&s), "the collector takes batches");
	stub_collector_script(s.rig.stub, 400, 2, -1);
	stub_collector_script_text(s.rig.stub, "\x1b[31mno \"thanks\" \xff");
	agent_process_send(&s, 10, 0);
	wait_ms(s.loop, 300);
	agent_process_send(&s, 100, 0);
	ok(agent_process_is_empty(&s), "all leave the agent");
	refused = agent_process_ledger(&s)->place[LEDGER_QUARANTINED].spans;
	ok(refused > 0 && refused == tally_total(s.tally).missing, "%d spans were refused", (int)refused);
	is_int(run(&s, "quarantine ls --json"), 0, "they are listed, live");
	list = said_json(&s);
	ok(json_array_size(list) == refused / 10 && json_is_string(json_object_get(json_array_get(list, 0), "detail")),
	        "with cause and detail: %s", json_string_value(json_object_get(json_array_get(list, 0), "detail")));
	json_decref(list);
	is_int(run(&s, "quarantine ls"), 0, "for people, too");
	ok(strchr(said(&s, "out"), '\x1b') == NULL, "without what would confuse a terminal");
	is_int(run(&s, "quarantine retry --all"), 1, "they are not put back while it runs");
	ok(names_the_agent(&s, child_pid(s.agent)) && strstr(said(&s, "err"), "stop it first") != NULL, "%s",
	        said(&s, "err"));
	agent_process_kill(&s);
	is_int(run(&s, "quarantine retry"), 2, "nor without being asked which");
	is_int(run(&s, "quarantine retry 1-2.record"), 1, "nor under a wrong name");
	is_int(run(&s, "quarantine export"), 0, "they can be taken out");
	is_int(run(&s, "quarantine retry --all"), 0, "and put back");
	is_int(run(&s, "stat --json"), 0, "then");
	list = said_json(&s);
	is_int(number(list, "ledger", "spans", "in_spool"), (json_int_t)refused, "they wait in the spool");
	is_int(number(list, "ledger", "spans", "quarantined"), 0, "and are in quarantine no more");
	is_int(number(list, "quarantine", "records", NULL), 0, "nor is a file of them");
	json_decref(list);
	is_int(run(&s, "verify"), 0, "the spool is whole");
	ok(agent_process_start(&s, NULL), "the agent starts");
	ok(agent_process_all_stored(&s), "every span is stored");
	ok(agent_process_is_empty(&s), "nothing waits");
	is_int(agent_process_ledger(&s)->unclean_stops, 1, "the kill before is not forgotten");
	is_int(s.ledger.boots, 2, "and the retry was no start");
	ok(s.ledger.maybe_duplicate.spans >= refused, "what was tried again went out marked");
	agent_process_end(&s);
}

static void files_for_a_collector_are_taken_out(void)
{
	char words[512], path[400];
	struct dir_hash files;
	struct agent_process s;

	wait_in_spool(&s, 100);
	agent_process_stop(&s);
	snprintf(path, sizeof(path), "%s/files", s.rig.directory);
	snprintf(words, sizeof(words), "export --format=tbinary --to=%s --limit=7", path);
	is_int(run(&s, words), 0, "7 batches become files");
	dir_hash_take(&files, path);
	is_int(files.n, 7, "each of its own");
	is_int(run(&s, words), 1, "which are not written over");
	is_int(run(&s, "export --format=tbinary"), 2, "a directory has to be named");
	is_int(run(&s, "export --since=1h --until=30m"), 0, "what came half an hour ago");
	is_int(strlen(said(&s, "out")), 0, "is nothing");
	is_int(run(&s, "export --since=1h --limit=3"), 0, "of the last hour three");
	is_int(strchr(strchr(strchr(said(&s, "out"), '\n') + 1, '\n') + 1, '\n')[1], 0, "are given");
	is_int(run(&s, "export --since=yesterday"), 2, "a wrong time is named");
	ok(strstr(said(&s, "err"), "--since") != NULL, "%s", said(&s, "err"));
	is_int(run(&s, "stats"), 2, "a wrong verb is, too");
	ok(strstr(said(&s, "err"), "stat") != NULL, "%s", said(&s, "err"));
	agent_process_end(&s);
}

int main(void)
{
	beside_a_running_agent_it_looks_and_nothing_else();
	looks_on_and_on_do_not_disturb_the_agent();
	what_is_damaged_is_found_and_mended_and_the_rest_delivered();
	what_stands_around_the_records_is_mended_too();
	what_was_refused_can_be_tried_again();
	files_for_a_collector_are_taken_out();
	return tap_done();
}
