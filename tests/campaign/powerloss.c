/* SPDX-License-Identifier: Apache-2.0 */
/* powerloss.c — the power is cut, at any point of a run and with anything that was not synced lost:
 * what was reported durable is there, once, and the ledger says what is there.
 *
 * A run is recorded once in each of several ways; each case is one state of the disk after a cut in
 * one of them. */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "campaign.h"
#include "disklog.h"
#include "base/log.h"
#include "tap.h"

enum { SHORT_COUNT = 300, STRIDE = 7919, RUNS = 8, ROUNDS = 16 };

/* What is recorded: a run, or one that was killed after STOP operations and then another. */
struct run {
	struct disklog *log;
	size_t stop;
	size_t first; /* cuts begin here */
};

static struct run runs[RUNS];
static size_t nruns;
static const char *plant;

static bool planted(const char *name)
{
	return plant != NULL && strcmp(plant, name) == 0;
}

/* Somewhere below DIR, so that the names above it count too. */
static void aim(struct spool_fixture *k, const char *dir)
{
	snprintf(k->dir, sizeof(k->dir), "%.200s/lib/spool", dir);
	k->size = 3500;
	k->live = true;
}

static void in_child(const struct run *r, const char *dir, struct spool_fixture_told *told, size_t stop)
{
	pid_t pid = fork();
	struct spool_fixture k;
	int status;

	if (pid == 0) {
		spool_fixture_init(&k);
		tempdir_remove(k.dir);
		aim(&k, dir);
		r->log->stop_at = stop;
		disklog_start(r->log, dir, told);
		spool_fixture_history(&k, told);
		disklog_stop();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		exit(99);
}

static void plant_in(struct disklog *l);

static void record(size_t stop)
{
	struct spool_fixture_told *told = (void *)disklog_new();
	struct run *r = &runs[nruns++];
	char dir[TEMPDIR_PATH];

	*r = (struct run){ .log = disklog_new(), .stop = stop };
	tempdir_make(dir);
	told->resolved = told->resolving = 1;
	if (stop > 0) {
		in_child(r, dir, told, stop);
		r->first = r->log->n;
	}
	in_child(r, dir, told, 0);
	/* The last word: a cut after all was said. */
	r->log->op[r->log->n].told = *told;
	tempdir_remove(dir);
	if (r->log->overrun)
		exit(99);
	plant_in(r->log);
	diag("run %zu:%s %zu operations", nruns - 1, stop > 0 ? " killed before," : "", r->log->n - r->first);
}

/* A record that was quarantined is whole in its file. */
static const char *check_quarantine(struct spool_fixture *k, const struct spool_fixture_told *told)
{
	char path[TEMPDIR_PATH + 64];
	struct stat st;

	if (!told->quarantined)
		return NULL;
	for (unsigned i = 0; *spool_fixture_path(k, "quarantine/", i, path) != '\0'; i++)
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t)k->size)
			return NULL;
	return "a quarantined record is missing";
}

/* It must work as a spool does that never saw a cut. */
static const char *goes_on(struct spool_fixture *k)
{
	uint64_t from = k->state.end;

	k->sequence = from - 1;
	if (spool_fixture_put(k, 3) != 3)
		return "it takes nothing more";
	if (spool_fixture_read(k, from, k->state.end) != 3 || k->wrong > 0)
		return "what is put now cannot be read";
	spool_fixture_close(k);
	if (spool_fixture_open(k) < 0)
		return k->why.text;
	return k->state.end == from + 3 && !k->found.unclean ? NULL : "a clean stop is not one";
}

/* Where a cut is worth more than elsewhere: at syncs, and at names that come and go. */
static bool is_point(const struct disklog_op *op, bool names)
{
	return names ? op->kind >= DISKLOG_MAKE : op->kind == DISKLOG_SYNC || op->synced;
}

/* The J-th cut of R: each has its turn, and those at points have it more often. */
static size_t place_of_cut(const struct run *r, size_t j, enum disklog_cut *how)
{
	size_t cuts = r->log->n - r->first + 1, points = 0, class = j % 3;

	j /= 3;
	for (size_t i = r->first; i < r->log->n; i++)
		points += is_point(&r->log->op[i], class == 1);
	if (class == 0 || points == 0) {
		*how = (enum disklog_cut)((j % cuts + j / cuts) % CUTS);
		return r->first + j * STRIDE % cuts;
	}
	*how = (enum disklog_cut)((j % points + j / points) % CUTS);
	j = j * STRIDE % points;
	for (size_t i = r->first;; i++)
		if (is_point(&r->log->op[i], class == 1) && j-- == 0)
			return i;
}

static void one(struct trial *t, void *arg)
{
	/* Half of the cases are of the run that promises most. */
	uint64_t number = t->number;
	size_t turn = number % ROUNDS, j = number / ROUNDS;
	const struct run *r = &runs[turn < ROUNDS / 2 ? 0 : 1 + (turn - ROUNDS / 2 + j * 8) % (nruns - 1)];
	uint64_t seed = t->seed;
	size_t at;
	enum disklog_cut how;
	const char *wrong;
	char dir[TEMPDIR_PATH];
	struct spool_fixture k;

	(void)arg;
	j = turn < ROUNDS / 2 ? j * (ROUNDS / 2) + turn : number;
	at = place_of_cut(r, j, &how);
	spool_fixture_init(&k);
	snprintf(dir, sizeof(dir), "%s", k.dir);
	aim(&k, dir);
	t->sums[0] += disklog_cut(r->log, at, how, &seed, dir);
	t->sums[1] += how == CUT_NOTHING;
	wrong = spool_fixture_check(&k, &r->log->op[at].told);
	if (wrong == NULL)
		wrong = check_quarantine(&k, &r->log->op[at].told);
	t->sums[2] += k.read_records;
	if (wrong == NULL)
		wrong = goes_on(&k);
	if (wrong != NULL)
		trial_wrong(t, "run %zu, cut at operation %zu of %zu in way %d: %.300s", (size_t)(r - runs), at,
		        r->log->n, (int)how, wrong);
	spool_fixture_free(&k);
	tempdir_remove(dir);
}

static bool is_named(const struct disklog *l, uint16_t inode, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->op[i].kind == DISKLOG_MAKE && l->op[i].inode == inode && strcmp(l->op[i].name, name) == 0)
			return true;
	return false;
}

/* The sync at I was never made. */
static void forget_sync(struct disklog *l, size_t i)
{
	l->op[i].kind = DISKLOG_SIZE;
	l->op[i].inode = DISKLOG_INODES - 1;
}

/* Moves the removal of a segment's file at I before the snapshots that were synced for it. */
static void remove_early(struct disklog *l, size_t i)
{
	struct disklog_op op = l->op[i];
	size_t to = i;

	while (to > 0 && i - to < 6)
		to--;
	memmove(l->op + to + 1, l->op + to, (i - to) * sizeof(op));
	op.told = l->op[to + 1].told;
	l->op[to] = op;
}

/* Bugs of a program that would have left another log. */
static void plant_in(struct disklog *l)
{
	for (size_t i = 1; i < l->n; i++) {
		struct disklog_op *op = &l->op[i];
		bool data = is_named(l, op->inode, "data.mdb"), state = is_named(l, op->inode, "state");

		if (op->kind == DISKLOG_SYNC && data && planted("no-data-sync"))
			forget_sync(l, i);
		else if (op->kind == DISKLOG_SYNC && state && planted("no-state-sync"))
			forget_sync(l, i);
		else if (op->kind == DISKLOG_SYNC && l->op[i - 1].kind == DISKLOG_MOVE &&
		         op->inode == l->op[i - 1].to && planted("no-sync-at-rename"))
			forget_sync(l, i);
		else if (op->kind == DISKLOG_SYNC && l->inode[op->inode].is_dir && op->inode > 0 &&
		         planted("no-directory-sync"))
			forget_sync(l, i);
		else if (op->kind == DISKLOG_WRITE && op->synced && planted("no-meta-sync"))
			op->synced = false;
		else if (op->kind == DISKLOG_WRITE && state && planted("no-state-checksum"))
			l->data[op->bytes + l->data[op->bytes + 8] + 256 * l->data[op->bytes + 9] - 8] ^= 1;
		else if (op->kind == DISKLOG_REMOVE && data && planted("unlink-first"))
			remove_early(l, i);
	}
}

int main(int argc, char **argv)
{
	static const size_t killed_at[] = { 1, 2, 4, 8, 12, 20, 60 };
	struct campaign c = { .name = "powerloss",
		.own = "plant",
		.hangs_s = 60,
		.sums = { "operations in doubt", "cuts that lost all of them", "records delivered" } };

	campaign_options(&c, SHORT_COUNT, argc, argv);
	plant = c.word;
	campaign_hush(&c);
	tempdir_prefer_memory();
	record(0);
	for (size_t i = 0; i < ARRAY_LEN(killed_at); i++)
		record(killed_at[i]);
	ok(campaign_run(&c, c.count, one, NULL), "whatever a power cut leaves, what was durable is there once: %s",
	        c.said);
	return tap_done();
}
