/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_kill.c — SIGKILL at every call that changes the disk, and at any moment under load:
 * what was reported durable is there once, and the ledger says what is there. */
#include <config.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "fault.h"
#include "spool_history.h"
#include "tap.h"

static struct spool_fixture_told *shared(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(99);
	return at;
}

/* Runs the story in a child that dies at call number AT. True when it did. */
static bool dies_at(struct spool_fixture *k, struct spool_fixture_told *told, uint64_t at, bool half)
{
	struct fault_plan plan = { .calls = FAULT_CHANGES, .at = at, .kill = true, .half = half };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		plan.path = k->dir;
		fault_arm(&plan);
		spool_fixture_history(k, told);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void init(struct spool_fixture *k)
{
	spool_fixture_init(k);
	k->size = 3500;
	k->live = true;
}

static void killed_at_every_call_that_changes_the_disk(void)
{
	struct spool_fixture_told *told = shared();
	uint64_t at, failed = 0;
	bool died = true;

	for (at = 1; died; at++) {
		const char *wrong;
		struct spool_fixture k;

		init(&k);
		memset(told, 0, sizeof(*told));
		told->resolved = told->resolving = 1;
		died = dies_at(&k, told, at, at % 2 == 0);
		wrong = spool_fixture_check(&k, told);
		if (wrong != NULL) {
			diag("killed at call %" PRIu64 ": %s", at, wrong);
			failed++;
		}
		spool_fixture_free(&k);
	}
	ok(failed == 0 && at > 50, "killed at each of %" PRIu64 " calls, nothing is lost", at - 2);
	munmap(told, 4096);
}

/* Puts and delivers until it is killed. */
static void work(struct spool_fixture *k, struct spool_fixture_told *told)
{
	if (spool_fixture_open(k) < 0)
		_exit(1);
	told->resolving = told->resolved = k->state.cursor;
	for (unsigned i = 0;; i++) {
		size_t n = 1 + (size_t)(clock_mono_us() % 60);

		k->sequence = k->state.end - 1;
		told->tried = k->sequence + n;
		spool_fixture_put(k, n);
		told->durable = k->state.end - 1;
		if (i % 8 == 7 && k->state.end - k->state.cursor > 400) {
			told->resolving = k->state.cursor + 100;
			if (spool_fixture_resolve(k, told->resolving) == 0)
				told->resolved = told->resolving;
		}
	}
}

static void killed_under_load(int kills)
{
	struct spool_fixture_told *told = shared();
	uint64_t records = 0;
	int failed = 0;
	struct spool_fixture k;

	init(&k);
	told->resolved = told->resolving = 1;
	for (int i = 0; i < kills; i++) {
		struct timespec wait = { 0, (long)(clock_mono_us() * 7919 % 15000) * 1000 };
		const char *wrong;
		pid_t pid = fork();

		if (pid == 0)
			work(&k, told);
		nanosleep(&wait, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		wrong = spool_fixture_check(&k, told);
		records = k.state.end - 1;
		if (wrong != NULL) {
			diag("kill %d: %s", i, wrong);
			failed++;
		}
		/* The next one goes on from here, also after an unclean end of this one. */
		if (i % 2 == 0)
			spool_fixture_abandon(&k);
		else
			spool_fixture_close(&k);
		told->durable = told->tried = records;
		told->resolved = told->resolving = k.state.cursor;
	}
	ok(failed == 0, "%d kills under load, %" PRIu64 " records, none lost, none twice", kills, records);
	spool_fixture_free(&k);
	munmap(told, 4096);
}

static void the_live_state_survives_a_kill(void)
{
	struct spool_fixture k;
	pid_t pid;

	init(&k);
	pid = fork();
	if (pid == 0) {
		if (spool_fixture_open(&k) < 0)
			_exit(1);
		for (int i = 0; i < 100; i++) {
			ledger_datagram(&k.state.ledger, LEDGER_ACCEPTED);
			ledger_enter(&k.state.ledger, LEDGER_DELIVERED, 10, 1);
			k.state.generation++;
			spool_live(k.s, &k.state);
		}
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	ok(spool_fixture_open(&k) == 0 && k.found.unclean, "the stop was not clean");
	is_int(k.state.ledger.place[LEDGER_DELIVERED].spans, 1000, "the totals are those of the last moment");
	is_int(k.state.ledger.unclean_stops, 1, "and it is counted");
	spool_fixture_free(&k);
}

/* The loop's snapshots go on while a turn is under way: the last one is newer than the commit, and
 * does not know of it. 200 of the 300 batches were in flight by it, the others not yet accepted. */
static void a_commit_that_nobody_was_told_of_is_salvaged(void)
{
	uint64_t spans = 0, known = 0, first = 0;
	struct ledger *l;
	struct spool_fixture k;
	pid_t pid;

	for (uint64_t n = 1; n <= 10; n++)
		first += spool_fixture_spans(n);
	for (uint64_t n = 11; n <= 310; n++) {
		spans += spool_fixture_spans(n);
		known += n <= 210 ? spool_fixture_spans(n) : 0;
	}
	init(&k);
	pid = fork();
	if (pid == 0) {
		struct fault_plan plan = { .calls = FAULT_ALLOCATE, .at = 1, .kill = true };
		struct spool_state later;

		if (spool_fixture_open(&k) < 0)
			_exit(1);
		spool_fixture_put(&k, 10);
		later = k.state;
		later.generation += 100;
		ledger_enter(&later.ledger, LEDGER_IN_FLIGHT, known, 200);
		spool_live(k.s, &later);
		k.live = false;
		fault_arm(&plan);
		spool_fixture_put(&k, 300); /* more than half full: the next segment is made behind this commit */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	if (spool_open(&k.s, &k.opts, &k.found, &k.why) < 0) {
		ok(false, "%s", k.why.text);
		return;
	}
	l = &k.found.state.ledger;
	is_int(k.found.salvaged, spans, "the spans of all 300 are salvaged");
	is_int(k.found.state.end, 311, "the end is behind them");
	is_int(l->place[LEDGER_IN_FLIGHT].batches, 0, "those that were in flight are not any more");
	is_int(l->place[LEDGER_IN_SPOOL].batches, 310, "all are in the spool");
	is_int(l->accepted.batches, 310, "and accepted, once");
	is_int(l->accepted.spans, spans + first, "with their spans");
	is_int(l->place[LEDGER_IN_FLIGHT].spans, 0, "none of which is in flight");
	ok(ledger_check(l) == NULL, "the ledger balances");
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	the_live_state_survives_a_kill();
	a_commit_that_nobody_was_told_of_is_salvaged();
	killed_at_every_call_that_changes_the_disk();
	killed_under_load(100);
	return tap_done();
}
