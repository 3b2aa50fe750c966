/* SPDX-License-Identifier: Apache-2.0 */
/* test_positions.c — the cursor, runs that wait, and what survives being saved; against a plain array. */
#include "policy/positions.h"
#include "tap.h"

static void the_cursor_follows_the_done(void)
{
	struct positions m;
	uint64_t first, end;

	positions_init(&m, 10, 10);
	positions_extend(&m, 20);
	ok(positions_next(&m, 0, 100, &first, &end) && first == 10 && end == 20, "all ten wait");
	ok(positions_set(&m, 11, POSITION_DONE, 1) == 0 && m.cursor == 10, "done above the cursor does not move it");
	ok(positions_next(&m, 0, 100, &first, &end) && first == 10 && end == 11, "the run ends before what is done");
	ok(positions_set(&m, 10, POSITION_DONE, 1) == 0 && m.cursor == 12, "the cursor passes both");
	ok(positions_set(&m, 11, POSITION_WAITING, 0) == 0 && positions_at(&m, 11) == POSITION_DONE, "done is final");
	positions_free(&m);
}

static void held_is_passed_over_and_comes_back(void)
{
	struct positions m;
	uint64_t first, end;

	positions_init(&m, 0, 4);
	ok(positions_set(&m, 0, POSITION_IN_FLIGHT, 0) == 0 && m.in_doubt_end == 1, "a held position may be sent");
	ok(positions_next(&m, 0, 100, &first, &end) && first == 1 && end == 4, "and is passed over");
	ok(positions_set(&m, 0, POSITION_WAITING, 0) == 0 && m.in_doubt_end == 0,
	        "given back clean, nothing is in doubt");
	ok(positions_set(&m, 1, POSITION_IN_FLIGHT, 0) == 0 && positions_set(&m, 1, POSITION_MAYBE_SENT, 0) == 0 &&
	                m.in_doubt_end == 2,
	        "perhaps sent stays in doubt");
	ok(positions_set(&m, 3, POSITION_IN_FLIGHT, 0) == 0 && m.in_doubt_end == 4 &&
	                positions_set(&m, 3, POSITION_WAITING, 0) == 0 && m.in_doubt_end == 2,
	        "what comes back clean lowers the bound to the last doubt below it");
	ok(positions_next(&m, 0, 100, &first, &end) && first == 0 && end == 4, "and waits again");
	positions_free(&m);
}

static uint64_t random_state;

static uint64_t random_below(uint64_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random_state >> 33) % n;
}

/* Every answer is compared with the obvious computation over an array. */
static void random_changes_agree_with_an_array(unsigned seed)
{
	enum { N = 30000 };
	static uint8_t model[N];
	static uint32_t spans[N];
	uint8_t saved[3072];
	uint64_t start = 5000, end = 5000, cursor, wrong = 0;
	struct positions m, again;

	random_state = seed;
	memset(model, 0, sizeof(model));
	memset(spans, 0, sizeof(spans));
	positions_init(&m, start, end);
	for (int step = 0; step < 20000; step++) {
		uint64_t p, stretch = 1, in_doubt_end;
		enum position_status to = (enum position_status)random_below(4);

		if (random_below(10) == 0 || end == start)
			end = min_u64(end + random_below(50) + 1, N);
		positions_extend(&m, end);
		p = m.cursor < end ? m.cursor + random_below(min_u64(end - m.cursor, 9000)) : start;
		if (p >= end || (p < m.cursor && model[p] == POSITION_DONE))
			continue;
		if (random_below(3) > 0)
			to = POSITION_DONE;
		/* Whole chunks become done above the cursor, too. */
		if (random_below(200) == 0) {
			to = POSITION_DONE;
			stretch = 1 + random_below(9000);
		}
		for (; stretch > 0 && p < end; stretch--, p++) {
			if (positions_set(&m, p, to, (uint32_t)p % 7) < 0)
				wrong++;
			if (model[p] == POSITION_DONE)
				continue;
			model[p] = (uint8_t)to;
			spans[p] = (uint32_t)p % 7;
		}
		for (cursor = start; cursor < end && model[cursor] == POSITION_DONE; cursor++)
			;
		wrong += cursor != m.cursor;
		for (in_doubt_end = end; in_doubt_end > cursor && model[in_doubt_end - 1] % 2 == 0; in_doubt_end--)
			;
		wrong += in_doubt_end != max_u64(m.in_doubt_end, cursor);
		if (step % 50 == 0) {
			uint64_t first, stop, from = start + random_below(end - start), want, want_end;

			for (want = max_u64(from, cursor); want < end && model[want] % 3 != 0; want++)
				;
			for (want_end = want; want_end < end && want_end < want + 70 && model[want_end] % 3 == 0;
			        want_end++)
				;
			if (positions_next(&m, from, 70, &first, &stop))
				wrong += first != want || stop != want_end;
			else
				wrong += want != end;
		}
		if (step % 500 == 0) {
			uint64_t left_spans, left_batches, kept = 0, done = 0, done_spans = 0, kept_spans = 0;
			size_t n =
			        positions_save(&m, saved, step % 1000 ? sizeof(saved) : 60, &left_spans, &left_batches);

			positions_init(&again, m.cursor, m.end);
			wrong += positions_load(&again, slice_of(saved, n)) != 0;
			for (uint64_t q = m.cursor; q < end; q++) {
				done += model[q] == POSITION_DONE;
				done_spans += model[q] == POSITION_DONE ? spans[q] : 0;
				if (positions_at(&again, q) != POSITION_DONE)
					continue;
				kept++;
				kept_spans += spans[q];
				wrong += model[q] != POSITION_DONE;
			}
			wrong += done != kept + left_batches || done_spans != kept_spans + left_spans;
			positions_free(&again);
		}
	}
	ok(wrong == 0, "20,000 random changes agree with an array, seed %u", seed);
	positions_free(&m);
}

/* What one turn of the spooler asks of the map: the next batch goes out and is delivered, the state is
 * saved, the next run that waits is looked for. Gives the steps that it took. */
static uint64_t steps_of_a_turn(struct positions *m)
{
	uint64_t steps = 0, spans, batches, first, end, position = m->end;
	uint8_t saved[3072];

	m->steps = &steps;
	positions_extend(m, position + 1);
	if (positions_set(m, position, POSITION_IN_FLIGHT, 0) < 0 || positions_set(m, position, POSITION_DONE, 3) < 0)
		ok(0, "position %" PRIu64 " is done", position);
	positions_save(m, saved, sizeof(saved), &spans, &batches);
	positions_next(m, m->cursor, 1, &first, &end);
	m->steps = NULL;
	return steps;
}

/* One record is stuck, and N behind it are delivered, in chunks of which every FRACTION-th has another
 * that is stuck; 0: none has. */
static uint64_t steps_behind_a_stuck_one(uint64_t n, uint64_t fraction)
{
	enum { CHUNK = 4096 };
	uint64_t steps = 0;
	struct positions m;

	positions_init(&m, 1, 1);
	positions_extend(&m, n);
	if (positions_set(&m, 1, POSITION_IN_FLIGHT, 0) < 0)
		ok(0, "the first is held");
	for (uint64_t p = 2; p < n; p++) {
		bool stuck = fraction > 0 && p % (fraction * CHUNK) == CHUNK / 2;

		if (positions_set(&m, p, stuck ? POSITION_IN_FLIGHT : POSITION_DONE, 3) < 0)
			ok(0, "position %" PRIu64 " is set", p);
	}
	for (int turn = 0; turn < 100; turn++)
		steps = max_u64(steps, steps_of_a_turn(&m));
	if (fraction == 0)
		ok(m.nranges <= 3, "%" PRIu64 " done behind one that is stuck: %zu ranges", n, m.nranges);
	positions_free(&m);
	return steps;
}

static void a_turn_costs_the_same_however_much_is_done(void)
{
	enum { WORDS = 128 }; /* of a chunk */
	uint64_t few = steps_behind_a_stuck_one(20000, 0), many = steps_behind_a_stuck_one(1600000, 0), scattered;

	ok(few > 0 && many <= 10 * WORDS, "a turn takes %" PRIu64 " steps", many);
	ok(many <= few + 2 * WORDS, "of 20,000 it takes %" PRIu64, few);
	scattered = steps_behind_a_stuck_one(1600000, 1);
	ok(scattered <= UINT64_C(70) * (WORDS + 40) + 2 * 1600000 / 4096,
	        "with one stuck in each chunk a turn takes %" PRIu64, scattered);
}

/* Two billion delivered behind one: the start must not look at each. */
static void a_long_run_is_loaded_whole(void)
{
	const uint64_t end = UINT64_C(2000000000);
	uint64_t spans, batches, first, stop;
	uint8_t saved[3072];
	struct positions m, again;
	size_t n = 0;

	positions_init(&m, 0, end);
	saved[n++] = 100; /* a gap of 100 */
	for (uint64_t v = end - 200; v > 0; v >>= 7)
		saved[n++] = (uint8_t)((v & 0x7f) | (v >= 0x80 ? 0x80 : 0));
	for (uint64_t v = 3 * end; v > 0; v >>= 7)
		saved[n++] = (uint8_t)((v & 0x7f) | (v >= 0x80 ? 0x80 : 0));
	is_int(positions_load(&m, slice_of(saved, n)), 0, "a run of two billion is loaded");
	ok(m.nranges <= 3, "as %zu ranges", m.nranges);
	ok(positions_at(&m, 99) == POSITION_WAITING && positions_at(&m, 100) == POSITION_DONE &&
	                positions_at(&m, end - 101) == POSITION_DONE && positions_at(&m, end - 100) == POSITION_WAITING,
	        "from its first to its last position");
	ok(positions_next(&m, 50, 1000, &first, &stop) && first == 50 && stop == 100 &&
	                positions_next(&m, 100, 1000, &first, &stop) && first == end - 100 && stop == end,
	        "what waits lies before it and behind it");
	n = positions_save(&m, saved, sizeof(saved), &spans, &batches);
	ok(spans == 0 && batches == 0, "all of it is saved again");
	positions_init(&again, 0, end);
	ok(positions_load(&again, slice_of(saved, n)) == 0 && again.done_spans == 3 * end &&
	                again.done_batches == end - 200,
	        "with its spans");
	for (uint64_t p = 0; p < 100; p++)
		if (positions_set(&m, p, POSITION_DONE, 1) < 0)
			ok(0, "position %" PRIu64 " is done", p);
	is_int((int64_t)m.cursor, (int64_t)end - 100, "the cursor passes it in one step");
	ok(m.done_spans == 0 && m.done_batches == 0, "and nothing is left above it");
	positions_free(&m);
	positions_free(&again);
}

static void what_is_reserved_needs_no_memory_later(void)
{
	const uint64_t far = 1000000;
	struct positions m;
	size_t ranges;

	positions_init(&m, far - 5, far - 5);
	is_int(positions_reserve(&m, far - 5, far + 9000), 0, "room for positions behind the end");
	ranges = m.nranges;
	is_int(m.end, far - 5, "the end stays where it is");
	positions_extend(&m, far + 9000);
	ok(positions_set(&m, far, POSITION_IN_FLIGHT, 0) == 0 &&
	                positions_set(&m, far + 8999, POSITION_MAYBE_SENT, 0) == 0 && m.nranges == ranges,
	        "what becomes of them takes no new range");
	for (uint64_t p = far - 5; p < far + 9000; p++)
		if (positions_set(&m, p, POSITION_DONE, 1) < 0)
			ok(0, "position %" PRIu64 " is done", p);
	is_int(m.cursor, far + 9000, "and the cursor passes them all");
	positions_free(&m);
}

static void damaged_bytes_are_refused(void)
{
	struct positions m;
	static const uint8_t too_far[] = { 5, 200, 1, 0 }, cut[] = { 5 }, endless[] = { 0x80, 0x80 };

	positions_init(&m, 0, 100);
	is_int(positions_load(&m, slice_of(too_far, sizeof(too_far))), E_CORRUPT, "a run beyond the end");
	is_int(positions_load(&m, slice_of(cut, sizeof(cut))), E_CORRUPT, "a run that is cut");
	is_int(positions_load(&m, slice_of(endless, sizeof(endless))), E_CORRUPT, "a number without an end");
	positions_free(&m);
}

int main(void)
{
	the_cursor_follows_the_done();
	held_is_passed_over_and_comes_back();
	for (unsigned seed = 1; seed <= 4; seed++)
		random_changes_agree_with_an_array(seed);
	a_turn_costs_the_same_however_much_is_done();
	a_long_run_is_loaded_whole();
	what_is_reserved_needs_no_memory_later();
	damaged_bytes_are_refused();
	return tap_done();
}
