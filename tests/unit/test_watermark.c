/* SPDX-License-Identifier: Apache-2.0 */
/* test_watermark.c — the contiguous prefix in the order of reading, holes, generations, and a long
 * random run against the plainest model there is. */
#include "policy/watermark.h"
#include "tap.h"

static uint64_t add(struct watermark *w, int64_t offset)
{
	uint64_t ticket = UINT64_MAX;

	if (watermark_add(w, offset, &ticket) < 0)
		ok(0, "no memory");
	return ticket;
}

static void nothing_may_be_committed_at_first(void)
{
	struct watermark w = { 0 };

	watermark_reset(&w, 1);
	is_int(w.next, -1, "nothing was read: nothing to commit");
	is_int(watermark_oldest(&w), -1, "and nothing is under way");
	add(&w, 0);
	is_int(w.next, -1, "read and not done: nothing to commit");
	is_int(watermark_oldest(&w), 0, "offset 0 is under way");
	watermark_free(&w);
}

static void the_prefix_moves_only_when_it_is_contiguous(void)
{
	struct watermark w = { 0 };
	uint64_t t[4];

	watermark_reset(&w, 1);
	for (int i = 0; i < 4; i++)
		t[i] = add(&w, 100 + i);
	is_int(watermark_done(&w, 1, t[2]), WATERMARK_STAYS, "the third is done first");
	is_int(w.next, -1, "nothing may be committed");
	is_int(watermark_done(&w, 1, t[0]), WATERMARK_MOVED, "the first is done");
	is_int(w.next, 101, "up to the second");
	is_int(watermark_done(&w, 1, t[1]), WATERMARK_MOVED, "the second closes the gap");
	is_int(w.next, 103, "up to the fourth");
	is_int(watermark_oldest(&w), 103, "which is under way");
	is_int(watermark_done(&w, 1, t[3]), WATERMARK_MOVED, "all are done");
	is_int(w.next, 104, "behind the last");
	is_int(watermark_span(&w), 0, "the ring is empty");
	watermark_free(&w);
}

static void offsets_may_have_holes(void)
{
	struct watermark w = { 0 };
	uint64_t a, b, c;

	watermark_reset(&w, 1);
	a = add(&w, 7);
	b = add(&w, 1000);
	c = add(&w, 1000000000000);
	watermark_done(&w, 1, b);
	watermark_done(&w, 1, a);
	is_int(w.next, 1001, "the hole between 7 and 1000 does not stop it");
	watermark_done(&w, 1, c);
	is_int(w.next, 1000000000001, "nor the next");
	watermark_free(&w);
}

static void an_answer_of_an_old_assignment_moves_nothing(void)
{
	struct watermark w = { 0 };
	uint64_t old, new;

	watermark_reset(&w, 1);
	old = add(&w, 50);
	watermark_close(&w);
	is_int(watermark_done(&w, 1, old), WATERMARK_LATE, "the partition is not ours");
	is_int(w.next, -1, "nothing to commit");
	watermark_reset(&w, 2);
	new = add(&w, 50);
	is_int(watermark_done(&w, 1, old), WATERMARK_LATE, "ours again: the old answer still counts for nothing");
	is_int(watermark_oldest(&w), 50, "the new entry for the same offset is under way");
	is_int(watermark_done(&w, 2, new), WATERMARK_MOVED, "until its own answer comes");
	is_int(w.next, 51, "then it may be committed");
	watermark_free(&w);
}

static void tickets_are_never_given_twice(void)
{
	struct watermark w = { 0 };
	uint64_t last = 0;
	int good = 1;

	for (uint64_t generation = 1; generation < 50; generation++) {
		watermark_reset(&w, generation);
		for (int i = 0; i < 10; i++) {
			uint64_t t = add(&w, i);

			good &= last == 0 || t > last;
			last = t;
		}
	}
	ok(good, "they go up over all assignments");
	watermark_free(&w);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

enum { ENTRIES = 20000 };

static struct {
	int64_t offset[ENTRIES];
	uint64_t ticket[ENTRIES];
	bool done[ENTRIES];
	size_t n, head;
} model;

static int64_t model_next(int64_t before)
{
	while (model.head < model.n && model.done[model.head])
		before = model.offset[model.head++] + 1;
	return before;
}

static void a_long_random_run_agrees_with_the_model(void)
{
	struct watermark w = { 0 };
	uint64_t seed = 42;
	int64_t offset = 0, want = -1;
	int good = 1;

	watermark_reset(&w, 9);
	while (model.head < ENTRIES && good) {
		if (model.n < ENTRIES && next_random(&seed) % 3 != 0) {
			offset += 1 + (int64_t)(next_random(&seed) % 5 == 0) * 17;
			model.offset[model.n] = offset;
			model.ticket[model.n++] = add(&w, offset);
		} else if (model.n > model.head) {
			size_t i = model.head + next_random(&seed) % min_u64(200, model.n - model.head);

			if (model.done[i])
				continue;
			model.done[i] = true;
			(void)watermark_done(&w, 9, model.ticket[i]);
		}
		want = model_next(want);
		good &= w.next == want && watermark_span(&w) == model.n - model.head;
	}
	ok(good, "20,000 entries done out of order: always the model's prefix");
	watermark_free(&w);
}

int main(void)
{
	nothing_may_be_committed_at_first();
	the_prefix_moves_only_when_it_is_contiguous();
	offsets_may_have_holes();
	an_answer_of_an_old_assignment_moves_nothing();
	tickets_are_never_given_twice();
	a_long_random_run_agrees_with_the_model();
	return tap_done();
}
