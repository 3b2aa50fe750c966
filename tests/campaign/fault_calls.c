/* SPDX-License-Identifier: Apache-2.0 */
/* fault_calls.c — a call is refused, shortened, or all of them from one on: at start, while the spool
 * takes batches, also such as the sink has, rolls, is read back, stops. The program goes on; what is
 * fresh still arrives while the sink is up; what cannot leave the spool has a reason, and the board tells
 * it; memory keeps its bound; no refused sync is trusted; when the fault ends spooling goes on by
 * itself; and nothing is lost.
 *
 *   campaign/fault_calls [--seed N] [--count N] [--jobs N] [--only N] [--of TEXT]
 *
 * It has a part for each "PHASE/KIND" of the tables below; --of takes those with TEXT in their names. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"
#include "base/clock.h"
#include "fault.h"
#include "life.h"
#include "tap.h"
#include "tempdir.h"

enum {
	SHORT_COUNT = 600,
	SIZE_MOST = 60000,
	MARGIN = 10,
	SMALL_FLIGHT = 1 << 20,
	MEMORY_MOST = 60 /* without any, nothing comes in */,
	RESUME_SECONDS = 10
};

enum phase { START, SPOOL, HELD, ROTATE, REFILL, STOP, PHASES };

/* What the sink does with what comes while the fault lasts. */
static const struct {
	const char *name;
	enum sink_mood mood;
} phases[] = {
	[START] = { "start", MOOD_FULL },
	[SPOOL] = { "spool", MOOD_FULL },
	[HELD] = { "held", MOOD_SILENT }, /* stored while the sink has it, reported later */
	[ROTATE] = { "rotate", MOOD_FULL },
	[REFILL] = { "refill", MOOD_GOOD },
	[STOP] = { "stop", MOOD_GOOD },
};

static const struct kind {
	const char *name;
	unsigned calls;
	int err;
	bool shortened;
	const char *file; /* only calls on it; NULL: on all of the spool */
} kinds[] = {
	{ "any change, ENOSPC", FAULT_CHANGES, ENOSPC, false, NULL },
	{ "any change, EDQUOT", FAULT_CHANGES, EDQUOT, false, NULL },
	{ "any change, EIO", FAULT_CHANGES, EIO, false, NULL },
	{ "any change, EROFS", FAULT_CHANGES | FAULT_OPEN, EROFS, false, NULL },
	{ "any change, ENOMEM", FAULT_CHANGES, ENOMEM, false, NULL },
	{ "write, short", FAULT_PWRITE, 0, true, NULL },
	{ "sync, EIO", FAULT_SYNC, EIO, false, NULL },
	{ "sync, ENOSPC", FAULT_SYNC, ENOSPC, false, NULL },
	{ "open, EMFILE", FAULT_OPEN, EMFILE, false, NULL },
	{ "open, EIO", FAULT_OPEN, EIO, false, NULL },
	{ "read, EIO", FAULT_PREAD, EIO, false, NULL },
	{ "state, EIO", FAULT_CHANGES, EIO, false, "state" },
	{ "map, ENOMEM", FAULT_MAP, ENOMEM, false, NULL },
	{ "memory", FAULT_MEMORY, ENOMEM, false, NULL },
};

/* How many calls in a row; 0: until the fault ends. */
static const uint64_t lengths[] = { 1, 6, 0 };

enum { HIT, NOT_REACHED, MEMORY_HIT, MEMORY_NOT_REACHED, REFUSED_START, DROPPED, KILLED, ACCEPTED };

struct story {
	char dir[TEMPDIR_PATH];
	char path[TEMPDIR_PATH + 16]; /* of what meets the fault */
	const struct kind *kind;
	enum phase phase;
	struct fault_plan plan;
	bool small;   /* a flight that has to drop */
	bool killed;  /* while the fault lasts */
	bool endless; /* as far as a stop goes, which waits for seconds */
	bool pure;    /* the sink takes all batches: what cannot be set aside hides no other reason */
	struct evidence *evidence;
	struct told {
		uint64_t calls;
		uint64_t resumed_us;
		bool refused_start;
	} * told;
};

static bool open_one(struct story *s, struct life *l, bool may_refuse)
{
	struct life_opts o = life_usual(s->dir, 3);
	struct why why = { .text = "" };

	if (s->small)
		o.flight_bytes = SMALL_FLIGHT;
	if (life_open(l, &o, s->evidence, &why) == 0)
		return true;
	if (!may_refuse)
		evidence_broken(s->evidence, "it does not start: %s", why.text);
	else if (why.code >= 0 || why.text[0] == '\0')
		evidence_broken(s->evidence, "it refuses to start and does not say why");
	s->told->refused_start = true;
	s->evidence->refusals++;
	return false;
}

static void fill(struct life *l, uint64_t batches)
{
	life_mood(l, MOOD_FULL);
	life_feed(l, batches);
	life_stored(l);
}

/* What stands before the fault begins. False: the fault was a start that is refused. */
static bool begin(struct story *s, struct life *l)
{
	switch (s->phase) {
	case START:
		if (!open_one(s, l, false))
			_exit(3);
		fill(l, 90);
		life_close(l);
		fault_arm(&s->plan);
		return open_one(s, l, true);
	case ROTATE:
		if (!open_one(s, l, false))
			_exit(3);
		fill(l, 40);
		break;
	case REFILL:
	case STOP:
		if (!open_one(s, l, false))
			_exit(3);
		fill(l, 120);
		break;
	default:
		if (!open_one(s, l, false))
			_exit(3);
	}
	fault_arm(&s->plan);
	return true;
}

static bool fault_or_empty(void *arg)
{
	struct life *l = arg;

	return fault_begun() || pipeline_ledger(l->pipeline)->place[LEDGER_IN_SPOOL].batches == 0;
}

static bool empty_or_told(void *arg)
{
	struct life *l = arg;

	return l->down || pipeline_ledger(l->pipeline)->place[LEDGER_IN_SPOOL].batches == 0;
}

/* The sink is away, then up: what comes now arrives, whatever the disk does. */
static void suffer(struct story *s, struct life *l)
{
	uint64_t from;

	life_mood(l, phases[s->phase].mood);
	if (s->phase == REFILL)
		life_until(l, fault_or_empty, l, "the refill meets its fault");
	else
		life_feed(l, s->small ? 120 : 60);
	life_mood(l, MOOD_GOOD);
	from = s->evidence->fed;
	life_feed(l, 20);
	life_arrived(l, from);
	/* What cannot leave the spool has a reason, and the board tells it. */
	if (s->endless && s->phase != STOP)
		life_until(l, empty_or_told, l, "the spool is empty, or the board says why not");
	/* To the last segment's end; fault that does not end may not let it get there. */
	if (s->phase == REFILL && !s->endless)
		life_empty(l);
	if (s->plan.count == 0 && l->downs > 1)
		evidence_broken(s->evidence, "one fault, and the board said %u times that the spool is down", l->downs);
}

static void end_fault(struct story *s)
{
	struct fault_sins sins = fault_sins();

	s->told->calls = fault_disarm();
	if (sins.distrusted > 0)
		evidence_broken(s->evidence, "%" PRIu64 " writes to a segment whose sync had failed", sins.distrusted);
	if (sins.hasty > 0)
		evidence_broken(s->evidence, "a segment was unlinked although the state was not synced");
}

static bool is_called_well(void *arg)
{
	return !((struct life *)arg)->down;
}

/* By itself, and soon. */
static void resume(struct story *s, struct life *l)
{
	uint64_t began = clock_mono_us();

	fill(l, 20);
	s->told->resumed_us = clock_mono_us() - began;
	if (s->told->resumed_us > RESUME_SECONDS * US_PER_S)
		evidence_broken(s->evidence, "it took %" PRIu64 " s to spool again", s->told->resumed_us / US_PER_S);
	life_until(l, is_called_well, l, "the board says that the spool is well again");
}

static void tell(void *arg)
{
	struct story *s = arg;
	static struct life l;
	bool open = begin(s, &l);

	if (s->phase == STOP) {
		life_mood(&l, phases[STOP].mood);
		life_feed(&l, 20);
		life_close(&l);
		end_fault(s);
		return;
	}
	if (open)
		suffer(s, &l);
	end_fault(s);
	if (s->killed)
		fault_die();
	if (!open && !open_one(s, &l, false))
		return;
	resume(s, &l);
	life_mood(&l, MOOD_GOOD);
	life_empty(&l);
	life_close(&l);
}

static struct evidence *evidence;
static struct told *told;
static uint64_t points[PHASES][ARRAY_LEN(kinds)];

static void run(struct story *s, struct trial *t)
{
	int status;

	tempdir_make(s->dir);
	snprintf(s->path, sizeof(s->path), "%s%s%s", s->dir, s->kind->file == NULL ? "" : "/",
	        s->kind->file == NULL ? "" : s->kind->file);
	s->plan.path = s->path;
	s->evidence = evidence;
	s->told = told;
	memset(told, 0, sizeof(*told));
	evidence_reset(evidence, t->seed, SIZE_MOST);
	evidence->poisons = !s->pure;
	/* A start does not wait for ever for a disk that gives it nothing. */
	evidence->set_aside_allowed = s->phase == START && s->plan.err == EIO && s->plan.count == 0;
	status = life_in_child(tell, s);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && s->killed)
		evidence_killed(evidence);
	else if (status != 0)
		trial_wrong(t, "the process ended by status %d", status);
	/* A stop that finds no disk until its time is up drops what is in memory, or calls it uncertain. */
	if (s->phase == STOP && s->endless) {
		s->small = true;
		evidence_killed(evidence);
	}
	trial_wrong(t, "%s", life_aftermath(s->dir, evidence, s->small));
	tempdir_remove(s->dir);
}

static bool is_asked_for(const char *of, size_t phase, size_t kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/%s", phases[phase].name, kinds[kind].name);
	return strstr(name, of) != NULL;
}

static void count_calls(const char *of)
{
	for (size_t p = 0; p < PHASES; p++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			struct story s = { .phase = (enum phase)p, .kind = &kinds[k], .plan.calls = kinds[k].calls };
			struct trial t = { .seed = 1 };

			if (!is_asked_for(of, p, k))
				continue;
			run(&s, &t);
			if (t.wrong[0] != '\0')
				ok(0, "%s without any fault: %s", phases[p].name, t.wrong);
			points[p][k] = told->calls + told->calls / MARGIN + 1;
		}
	}
}

static uint64_t all_points(void)
{
	uint64_t n = 0;

	for (size_t p = 0; p < PHASES; p++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			n += points[p][k] * ARRAY_LEN(lengths);
	return n;
}

static void describe(const struct story *s, const struct kind *k, struct trial *t)
{
	char what[CAMPAIGN_TEXT];

	if (t->wrong[0] == '\0')
		return;
	snprintf(what, sizeof(what), "%s", t->wrong);
	snprintf(t->wrong, sizeof(t->wrong), "%s: %s at call %" PRIu64 ", %" PRIu64 " in a row%s%s: %.180s",
	        phases[s->phase].name, k->name, s->plan.at, s->plan.count, s->small ? ", a small flight" : "",
	        s->killed ? ", then killed" : "", what);
}

enum { LENGTHS = ARRAY_LEN(lengths), KINDS = ARRAY_LEN(kinds) };

/* Calls of all phases and kinds behind one another, every length of each. */
static uint64_t code(uint64_t i)
{
	uint64_t call = i / LENGTHS;
	size_t cell = 0;

	while (call >= points[cell / KINDS][cell % KINDS]) {
		call -= points[cell / KINDS][cell % KINDS];
		cell++;
	}
	return (call * PHASES * KINDS + cell) * LENGTHS + i % LENGTHS;
}

static void refuse_at(struct trial *t, void *arg)
{
	uint64_t cell = t->number / LENGTHS % (PHASES * KINDS), dice = t->seed;
	const struct kind *k = &kinds[cell % KINDS];
	struct story s = { .phase = (enum phase)(cell / KINDS), .kind = k };

	(void)arg;
	if (evidence == NULL) {
		evidence = evidence_new();
		told = (struct told *)(void *)evidence_new();
	}
	s.plan = (struct fault_plan){ .calls = k->calls, .err = k->err, .shortened = k->shortened };
	s.plan.at = t->number / LENGTHS / (PHASES * KINDS) + 1;
	s.plan.count = lengths[t->number % LENGTHS];
	s.endless = s.plan.count == 0;
	if (s.plan.count == 0 && k->calls == FAULT_MEMORY)
		s.plan.count = MEMORY_MOST;
	s.small = s.phase != STOP && campaign_roll(&dice, 4) == 0;
	s.killed = s.phase != STOP && campaign_roll(&dice, 4) == 0;
	s.pure = s.endless && campaign_roll(&dice, 2) == 0;
	run(&s, t);
	describe(&s, k, t);
	/* How often memory is asked for depends on how turns fall together: it is counted apart. */
	if (k->calls == FAULT_MEMORY) {
		t->sums[MEMORY_HIT] = told->calls >= s.plan.at;
		t->sums[MEMORY_NOT_REACHED] = told->calls < s.plan.at;
	} else {
		t->sums[HIT] = told->calls >= s.plan.at;
		t->sums[NOT_REACHED] = told->calls < s.plan.at;
	}
	t->sums[REFUSED_START] = told->refused_start;
	t->sums[KILLED] = evidence->kills;
	t->sums[ACCEPTED] = evidence->ledger.accepted.batches;
	t->sums[DROPPED] =
	        evidence->ledger.place[LEDGER_DISK_ERROR].batches + evidence->ledger.place[LEDGER_SPOOL_FULL].batches;
	if (told->resumed_us > 0)
		trial_figure(t, told->resumed_us);
}

static void happened(const struct campaign *c)
{
	uint64_t hit = campaign_sum(c, HIT), memory = campaign_sum(c, MEMORY_HIT);

	ok(hit + memory > 0 && hit >= 2 * campaign_sum(c, NOT_REACHED),
	        "most of them did happen: %" PRIu64 ", and %" PRIu64 " without memory", hit, memory);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "fault_calls",
		.code = code,
		.own = "of",
		.word = "",
		.jobs = 8, /* they wait most of the time */
		.sums = { "injected", "ended before that call", "without memory", "ended before that",
		        "starts refused with a reason", "batches dropped by a small flight", "killed during the fault",
		        "batches accepted" },
	};

	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	tempdir_prefer_memory();
	told = (struct told *)(void *)evidence_new();
	evidence = evidence_new();
	if (c.only == UINT64_MAX)
		count_calls(c.word);
	evidence = NULL;
	if (c.only == UINT64_MAX && all_points() == 0) {
		fprintf(stderr, "fault_calls: no part has \"%s\" in its name\n", c.word);
		return 2;
	}
	ok(campaign_run(&c, all_points(), refuse_at, NULL), "calls refused: %s", c.said);
	diag("the time is from the end of the fault until all is durable again");
	if (c.only == UINT64_MAX)
		happened(&c);
	return tap_done();
}
