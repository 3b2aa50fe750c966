/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c — batches whose bytes follow from their number, and the sums that must agree. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "evidence.h"
#include "spool/inspect.h"
#include "tempdir.h"

enum { SIZE_LEAST = 64, RECORD_BYTES_FROM = 72, SEGMENTS_LEFT = 2 };

struct evidence *evidence_new(void)
{
	struct evidence *e = mmap(NULL, sizeof(*e), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (e == MAP_FAILED)
		exit(99);
	return e;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

void evidence_reset(struct evidence *e, uint64_t seed, uint32_t size_most)
{
	memset(e, 0, sizeof(*e));
	e->seed = (uint32_t)seed;
	e->size_most = size_most;
	e->poisons = true;
}

uint32_t evidence_spans(uint64_t number)
{
	return 1 + (uint32_t)(number % 7);
}

bool evidence_is_poison(const struct evidence *e, uint64_t number)
{
	return e->poisons && number % 61 == 17;
}

static uint32_t size_of(const struct evidence *e, uint64_t number)
{
	return SIZE_LEAST + (uint32_t)(mix(number * 77 + e->seed) % (e->size_most - SIZE_LEAST));
}

/* Eight bytes of the batch, from byte AT on. */
static uint64_t word(const struct evidence *e, uint64_t number, uint32_t at)
{
	return at == 0 ? number : (number << 32 | e->seed) * UINT64_C(0x9E3779B97F4A7C15) + at;
}

static bool is_as_made(const struct evidence *e, const uint8_t *bytes, size_t size, uint64_t *number)
{
	memcpy(number, bytes, sizeof(*number));
	if (*number >= e->fed || size != size_of(e, *number))
		return false;
	for (uint32_t at = 0; at + 8 <= size; at += 8) {
		uint64_t have;

		memcpy(&have, bytes + at, 8);
		if (have != word(e, *number, at))
			return false;
	}
	return true;
}

struct agent_batch *evidence_make(const struct evidence *e)
{
	uint64_t number = e->fed;
	uint32_t size = size_of(e, number);
	struct agent_batch *b = number == EVIDENCE_NUMBERS ? NULL : agent_batch_new(size);

	if (b == NULL)
		return NULL;
	memset(b->batch.bytes + size / 8 * 8, 0, size % 8);
	for (uint32_t at = 0; at + 8 <= size; at += 8) {
		uint64_t w = word(e, number, at);

		memcpy(b->batch.bytes + at, &w, 8);
	}
	b->batch.spans = evidence_spans(number);
	b->read_us = clock_mono_us();
	b->batch.received_ms = clock_wall_ms();
	return b;
}

uint64_t evidence_number(const struct batch *b)
{
	uint64_t number;

	memcpy(&number, b->bytes, sizeof(number));
	return number;
}

void evidence_arrived(struct evidence *e, const struct batch *b)
{
	struct evidence_fate *f;
	uint64_t number;

	if (!is_as_made(e, b->bytes, b->size, &number) || b->spans != evidence_spans(number)) {
		e->strays++;
		return;
	}
	f = &e->of[number];
	if (f->arrived > 0) {
		e->again++;
		e->unmarked_again += !b->maybe_dup;
	}
	f->arrived += f->arrived < UINT8_MAX;
}

void evidence_turn(struct evidence *e)
{
	e->before = e->now;
	e->now = (struct evidence_noted){ e->fed, e->marked };
}

void evidence_killed(struct evidence *e)
{
	const struct evidence_noted *known = e->torn ? &e->before : &e->now;

	e->unnoted.fed += e->fed - known->fed;
	e->unnoted.marked += e->marked - known->marked;
	e->torn = false;
	e->kills++;
	e->now = e->before = (struct evidence_noted){ e->fed, e->marked };
}

void evidence_broken(struct evidence *e, const char *fmt, ...)
{
	va_list ap;

	if (e->broken[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(e->broken, sizeof(e->broken), fmt, ap);
	va_end(ap);
}

uint64_t evidence_missing(const struct evidence *e)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < e->fed; i++)
		n += e->of[i].arrived == 0 && !e->of[i].kept;
	return n;
}

/* A record's file is its header, the batch's bytes, and a trailer. */
static void look_at_kept(struct evidence *e, int at, const char *name)
{
	static uint8_t bytes[1 << 17];
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	uint64_t number = UINT64_MAX;

	if (fd >= 0)
		close(fd);
	if (n >= RECORD_BYTES_FROM + 8)
		memcpy(&number, bytes + RECORD_BYTES_FROM, sizeof(number));
	if (number >= e->fed || n < RECORD_BYTES_FROM + (ssize_t)size_of(e, number) ||
	        !is_as_made(e, bytes + RECORD_BYTES_FROM, size_of(e, number), &number))
		e->strays++;
	else
		e->of[number].kept = true;
}

/* Gives how many names in DIR begin with PREFIX and end with SUFFIX; calls for each. */
static unsigned each_name(struct evidence *e, const char *dir, const char *prefix, const char *suffix,
        void (*call)(struct evidence *e, int at, const char *name))
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned n = 0;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name), tail = strlen(suffix);

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || len < tail ||
		        strcmp(entry->d_name + len - tail, suffix) != 0)
			continue;
		n++;
		if (call != NULL)
			call(e, dirfd(d), entry->d_name);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void look_at_record(struct evidence *e, const struct spool_item *item)
{
	uint64_t number;

	if (item->batch == NULL)
		evidence_broken(e, "a segment in quarantine: %s", item->what);
	else if (!is_as_made(e, item->batch->bytes, item->batch->size, &number))
		e->strays++;
	else
		e->of[number].kept |= e->of[number].arrived == 0;
}

/* What was set aside is not lost: all of it can still be read. */
static void look_at_segment(struct evidence *e, const char *dir, const char *name)
{
	struct spool_inspect *l;
	struct spool_item item;
	struct why why;
	int rc;

	if (spool_inspect_open(&l, dir, SPOOL_INSPECT_REST, &why) < 0) {
		evidence_broken(e, "cannot look into the quarantine: %s", why.text);
		return;
	}
	rc = spool_inspect_begin_quarantined(l, name, &why);
	while (rc == 0 && (rc = spool_inspect_next(l, &item)) == 0) {
		look_at_record(e, &item);
		batch_unref(&item.batch);
	}
	if (rc != E_END)
		evidence_broken(e, "quarantine/%s: %s", name, err_text(rc));
	spool_inspect_close(l);
}

static void look_at_segments(struct evidence *e, const char *dir, const char *quarantine)
{
	struct dirent *entry;
	DIR *d = opendir(quarantine);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, "seg-", 4) != 0)
			continue;
		if (!e->set_aside_allowed)
			evidence_broken(e, "a segment is in quarantine");
		look_at_segment(e, dir, entry->d_name);
	}
	if (d != NULL)
		closedir(d);
}

/* What the fates add up to. */
struct sums {
	struct ledger_count fed, arrived, kept, missing;
	uint64_t unsafe_loss; /* one more than the number of a batch that was called safe and is gone */
	uint64_t poisoned;    /* the same of poison that arrived */
};

static void count(struct ledger_count *c, uint64_t number)
{
	c->spans += evidence_spans(number);
	c->batches++;
}

static struct sums add_up(const struct evidence *e)
{
	struct sums s = { 0 };

	for (uint64_t i = 0; i < e->fed; i++) {
		const struct evidence_fate *f = &e->of[i];

		count(&s.fed, i);
		if (f->arrived > 0)
			count(&s.arrived, i);
		if (f->kept)
			count(&s.kept, i);
		if (f->arrived > 0 && evidence_is_poison(e, i))
			s.poisoned = i + 1;
		if (f->arrived > 0 || f->kept)
			continue;
		count(&s.missing, i);
		if (f->safe)
			s.unsafe_loss = i + 1;
	}
	return s;
}

static struct ledger_count dropped(const struct ledger *l)
{
	struct ledger_count c = { 0 };

	for (int i = LEDGER_DROPPED_FIRST; i < LEDGER_PLACES_N; i++) {
		c.spans += l->place[i].spans;
		c.batches += l->place[i].batches;
	}
	return c;
}

uint64_t evidence_dropped(const struct evidence *e)
{
	return dropped(&e->ledger).batches;
}

static char said[EVIDENCE_TEXT + 64];

#define SAY(...) (snprintf(said, sizeof(said), __VA_ARGS__), said)

/* LEAST <= GOT <= MOST, in batches and in spans; a slack batch has at most seven. */
static const char *within(
        const char *what, struct ledger_count got, struct ledger_count least, struct ledger_count most)
{
	if (got.batches >= least.batches && got.batches <= most.batches && got.spans >= least.spans &&
	        got.spans <= most.spans)
		return NULL;
	return SAY("%s: %" PRIu64 " batches and %" PRIu64 " spans, not within %" PRIu64 " … %" PRIu64 " and %" PRIu64
	           " … %" PRIu64,
	        what, got.batches, got.spans, least.batches, most.batches, least.spans, most.spans);
}

static struct ledger_count plus(struct ledger_count a, struct ledger_count b)
{
	return (struct ledger_count){ a.spans + b.spans, a.batches + b.batches };
}

static struct ledger_count less(struct ledger_count a, struct ledger_count b)
{
	return (struct ledger_count){ a.spans - min_u64(a.spans, b.spans), a.batches - min_u64(a.batches, b.batches) };
}

/* The ledger's word against what was seen. */
static const char *compare(const struct evidence *e, const struct sums *s)
{
	const struct ledger *l = &e->ledger;
	struct ledger_count slack = { 7 * e->unnoted.fed, e->unnoted.fed }, none = { 0 }, lost = dropped(l);
	struct ledger_count doubt = plus(l->place[LEDGER_UNCERTAIN], slack);
	/* A slot that could not be read may have been the last: what came before it is called uncertain. */
	bool exact = e->kills == 0 && !e->set_aside_allowed;
	const char *wrong = ledger_check(l);

	/* What was given back in doubt may have arrived, and was dropped where nothing could be stored. */
	if (!exact)
		doubt = plus(doubt, lost);
	if (wrong == NULL)
		wrong = within("accepted", l->accepted, less(s->fed, slack), s->fed);
	if (wrong == NULL)
		wrong = within("missing", s->missing, exact ? lost : none, exact ? lost : doubt);
	if (wrong == NULL)
		wrong = within("delivered", l->place[LEDGER_DELIVERED], less(s->arrived, doubt), s->arrived);
	if (wrong == NULL)
		wrong = within("quarantined", l->place[LEDGER_QUARANTINED], less(s->kept, doubt), s->kept);
	if (wrong == NULL && exact)
		wrong = within("uncertain without a kill", l->place[LEDGER_UNCERTAIN], none, none);
	if (wrong == NULL && (l->place[LEDGER_IN_FLIGHT].batches > 0 || l->place[LEDGER_IN_SPOOL].batches > 0))
		wrong = "the ledger says that something is left";
	return wrong;
}

static const char *compare_marks(const struct evidence *e)
{
	uint64_t noted = e->ledger.maybe_duplicate.batches;

	if (e->unmarked_again > 0)
		return SAY("%" PRIu64 " came again without the mark", e->unmarked_again);
	if (e->again > noted + e->unnoted.marked)
		return SAY("%" PRIu64 " came again, the ledger knows of %" PRIu64, e->again, noted);
	if (e->marked < noted || e->marked > noted + e->unnoted.marked)
		return SAY("%" PRIu64 " went out marked, the ledger says %" PRIu64, e->marked, noted);
	/* A slot that cannot be read may be the one that says that the stop was clean. */
	if (e->ledger.unclean_stops > e->kills + e->refusals + e->set_aside_allowed)
		return SAY("%" PRIu64 " unclean stops of %" PRIu64 " kills", e->ledger.unclean_stops, e->kills);
	return NULL;
}

const char *evidence_verdict(struct evidence *e, const char *dir, bool dropping)
{
	char quarantine[TEMPDIR_PATH + 16];
	const char *wrong;
	struct sums s;
	unsigned left;

	snprintf(quarantine, sizeof(quarantine), "%s/quarantine", dir);
	each_name(e, quarantine, "", ".record", look_at_kept);
	look_at_segments(e, dir, quarantine);
	s = add_up(e);
	if (e->broken[0] != '\0')
		return e->broken;
	if (e->strays > 0)
		return SAY("%" PRIu64 " came out as they were not put in", e->strays);
	if (s.unsafe_loss > 0)
		return SAY("batch %" PRIu64 " was safe and is lost", s.unsafe_loss - 1);
	if (s.poisoned > 0)
		return SAY("batch %" PRIu64 " cannot be delivered, and arrived", s.poisoned - 1);
	if (!dropping && dropped(&e->ledger).batches > 0)
		return SAY("%" PRIu64 " batches were dropped", dropped(&e->ledger).batches);
	wrong = compare(e, &s);
	if (wrong == NULL)
		wrong = compare_marks(e);
	left = each_name(e, dir, "seg-", "", NULL);
	if (wrong == NULL && left > SEGMENTS_LEFT)
		wrong = SAY("%u segments are left of an empty spool", left);
	return wrong == NULL ? "" : wrong;
}
