/* test_marks.c — the cursor, runs that wait, and what survives being saved; against a plain array. */
#include "policy/marks.h"
#include "tap.h"

static void the_cursor_follows_the_done(void)
{
	struct marks m;
	uint64_t first, end;

	marks_init(&m, 10, 10);
	marks_extend(&m, 20);
	ok(marks_next(&m, 0, 100, &first, &end) && first == 10 && end == 20, "all ten wait");
	ok(marks_set(&m, 11, MARK_DONE, 1) == 0 && m.cursor == 10,
	        "done above the cursor does not move it");
	ok(marks_next(&m, 0, 100, &first, &end) && first == 10 && end == 11,
	        "the run ends before what is done");
	ok(marks_set(&m, 10, MARK_DONE, 1) == 0 && m.cursor == 12, "the cursor passes both");
	ok(marks_set(&m, 11, MARK_WAITING, 0) == 0 && marks_at(&m, 11) == MARK_DONE,
	        "done is final");
	marks_free(&m);
}

static void held_is_passed_over_and_comes_back(void)
{
	struct marks m;
	uint64_t first, end;

	marks_init(&m, 0, 4);
	ok(marks_set(&m, 0, MARK_HELD, 0) == 0 && m.held_to == 1, "a held position may be sent");
	ok(marks_next(&m, 0, 100, &first, &end) && first == 1 && end == 4, "and is passed over");
	ok(marks_set(&m, 0, MARK_WAITING, 0) == 0 && m.held_to == 0,
	        "given back clean, nothing is in doubt");
	ok(marks_set(&m, 1, MARK_HELD, 0) == 0 && marks_set(&m, 1, MARK_MAYBE, 0) == 0 &&
	                m.held_to == 2,
	        "perhaps sent stays in doubt");
	ok(marks_set(&m, 3, MARK_HELD, 0) == 0 && m.held_to == 4 &&
	                marks_set(&m, 3, MARK_WAITING, 0) == 0 && m.held_to == 2,
	        "what comes back clean lowers the bound to the last doubt below it");
	ok(marks_next(&m, 0, 100, &first, &end) && first == 0 && end == 4, "and waits again");
	marks_free(&m);
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
	struct marks m, again;

	random_state = seed;
	memset(model, 0, sizeof(model));
	memset(spans, 0, sizeof(spans));
	marks_init(&m, start, end);
	for (int step = 0; step < 20000; step++) {
		uint64_t p, stretch = 1, held_to;
		enum mark to = (enum mark)random_below(4);

		if (random_below(10) == 0 || end == start)
			end = min_u64(end + random_below(50) + 1, N);
		marks_extend(&m, end);
		p = m.cursor < end ? m.cursor + random_below(min_u64(end - m.cursor, 9000)) : start;
		if (p >= end || (p < m.cursor && model[p] == MARK_DONE))
			continue;
		if (random_below(3) > 0)
			to = MARK_DONE;
		/* Whole chunks become done above the cursor, too. */
		if (random_below(200) == 0) {
			to = MARK_DONE;
			stretch = 1 + random_below(9000);
		}
		for (; stretch > 0 && p < end; stretch--, p++) {
			if (marks_set(&m, p, to, (uint32_t)p % 7) < 0)
				wrong++;
			if (model[p] == MARK_DONE)
				continue;
			model[p] = (uint8_t)to;
			spans[p] = (uint32_t)p % 7;
		}
		for (cursor = start; cursor < end && model[cursor] == MARK_DONE; cursor++)
			;
		wrong += cursor != m.cursor;
		for (held_to = end; held_to > cursor && model[held_to - 1] % 2 == 0; held_to--)
			;
		wrong += held_to != max_u64(m.held_to, cursor);
		if (step % 50 == 0) {
			uint64_t first, stop, from = start + random_below(end - start), want,
			                      want_end;

			for (want = max_u64(from, cursor); want < end && model[want] % 3 != 0;
			        want++)
				;
			for (want_end = want;
			        want_end < end && want_end < want + 70 && model[want_end] % 3 == 0;
			        want_end++)
				;
			if (marks_next(&m, from, 70, &first, &stop))
				wrong += first != want || stop != want_end;
			else
				wrong += want != end;
		}
		if (step % 500 == 0) {
			uint64_t left_spans, left_batches, kept = 0, done = 0, done_spans = 0,
			                                   kept_spans = 0;
			size_t n = marks_save(&m, saved, step % 1000 ? sizeof(saved) : 60,
			        &left_spans, &left_batches);

			marks_init(&again, m.cursor, m.end);
			wrong += marks_load(&again, slice_of(saved, n)) != 0;
			for (uint64_t q = m.cursor; q < end; q++) {
				done += model[q] == MARK_DONE;
				done_spans += model[q] == MARK_DONE ? spans[q] : 0;
				if (marks_at(&again, q) != MARK_DONE)
					continue;
				kept++;
				kept_spans += spans[q];
				wrong += model[q] != MARK_DONE;
			}
			wrong += done != kept + left_batches ||
			         done_spans != kept_spans + left_spans;
			marks_free(&again);
		}
	}
	ok(wrong == 0, "20,000 random changes agree with an array, seed %u", seed);
	marks_free(&m);
}

/* What one turn of the spooler asks of the map: the next batch goes out and is delivered, the state is
 * saved, the next run that waits is looked for. Gives the steps that it took. */
static uint64_t steps_of_a_turn(struct marks *m)
{
	uint64_t steps = 0, spans, batches, first, end, position = m->end;
	uint8_t saved[3072];

	m->steps = &steps;
	marks_extend(m, position + 1);
	if (marks_set(m, position, MARK_HELD, 0) < 0 || marks_set(m, position, MARK_DONE, 3) < 0)
		ok(0, "position %" PRIu64 " is done", position);
	marks_save(m, saved, sizeof(saved), &spans, &batches);
	marks_next(m, m->cursor, 1, &first, &end);
	m->steps = NULL;
	return steps;
}

/* One record is stuck, and N behind it are delivered, in chunks of which every FRACTION-th has another
 * that is stuck; 0: none has. */
static uint64_t steps_behind_a_stuck_one(uint64_t n, uint64_t fraction)
{
	enum { CHUNK = 4096 };
	uint64_t steps = 0;
	struct marks m;

	marks_init(&m, 1, 1);
	marks_extend(&m, n);
	if (marks_set(&m, 1, MARK_HELD, 0) < 0)
		ok(0, "the first is held");
	for (uint64_t p = 2; p < n; p++) {
		bool stuck = fraction > 0 && p % (fraction * CHUNK) == CHUNK / 2;

		if (marks_set(&m, p, stuck ? MARK_HELD : MARK_DONE, 3) < 0)
			ok(0, "position %" PRIu64 " is set", p);
	}
	for (int turn = 0; turn < 100; turn++)
		steps = max_u64(steps, steps_of_a_turn(&m));
	if (fraction == 0)
		ok(m.nranges <= 3, "%" PRIu64 " done behind one that is stuck: %zu ranges", n,
		        m.nranges);
	marks_free(&m);
	return steps;
}

static void a_turn_costs_the_same_however_much_is_done(void)
{
	enum { WORDS = 128 }; /* of a chunk */
	uint64_t few = steps_behind_a_stuck_one(20000, 0),
	         many = steps_behind_a_stuck_one(1600000, 0), scattered;

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
	struct marks m, again;
	size_t n = 0;

	marks_init(&m, 0, end);
	saved[n++] = 100; /* a gap of 100 */
	for (uint64_t v = end - 200; v > 0; v >>= 7)
		saved[n++] = (uint8_t)((v & 0x7f) | (v >= 0x80 ? 0x80 : 0));
	for (uint64_t v = 3 * end; v > 0; v >>= 7)
		saved[n++] = (uint8_t)((v & 0x7f) | (v >= 0x80 ? 0x80 : 0));
	is_int(marks_load(&m, slice_of(saved, n)), 0, "a run of two billion is loaded");
	ok(m.nranges <= 3, "as %zu ranges", m.nranges);
	ok(marks_at(&m, 99) == MARK_WAITING && marks_at(&m, 100) == MARK_DONE &&
	                marks_at(&m, end - 101) == MARK_DONE &&
	                marks_at(&m, end - 100) == MARK_WAITING,
	        "from its first to its last position");
	ok(marks_next(&m, 50, 1000, &first, &stop) && first == 50 && stop == 100 &&
	                marks_next(&m, 100, 1000, &first, &stop) && first == end - 100 &&
	                stop == end,
	        "what waits lies before it and behind it");
	n = marks_save(&m, saved, sizeof(saved), &spans, &batches);
	ok(spans == 0 && batches == 0, "all of it is saved again");
	marks_init(&again, 0, end);
	ok(marks_load(&again, slice_of(saved, n)) == 0 && again.done_spans == 3 * end &&
	                again.done_batches == end - 200,
	        "with its spans");
	for (uint64_t p = 0; p < 100; p++)
		if (marks_set(&m, p, MARK_DONE, 1) < 0)
			ok(0, "position %" PRIu64 " is done", p);
	is_int((int64_t)m.cursor, (int64_t)end - 100, "the cursor passes it in one step");
	ok(m.done_spans == 0 && m.done_batches == 0, "and nothing is left above it");
	marks_free(&m);
	marks_free(&again);
}

static void what_is_reserved_needs_no_memory_later(void)
{
	const uint64_t far = 1000000;
	struct marks m;
	size_t ranges;

	marks_init(&m, far - 5, far - 5);
	is_int(marks_reserve(&m, far - 5, far + 9000), 0, "room for positions behind the end");
	ranges = m.nranges;
	is_int(m.end, far - 5, "the end stays where it is");
	marks_extend(&m, far + 9000);
	ok(marks_set(&m, far, MARK_HELD, 0) == 0 && marks_set(&m, far + 8999, MARK_MAYBE, 0) == 0 &&
	                m.nranges == ranges,
	        "what becomes of them takes no new range");
	for (uint64_t p = far - 5; p < far + 9000; p++)
		if (marks_set(&m, p, MARK_DONE, 1) < 0)
			ok(0, "position %" PRIu64 " is done", p);
	is_int(m.cursor, far + 9000, "and the cursor passes them all");
	marks_free(&m);
}

static void damaged_bytes_are_refused(void)
{
	struct marks m;
	static const uint8_t too_far[] = { 5, 200, 1, 0 }, cut[] = { 5 },
	                     endless[] = { 0x80, 0x80 };

	marks_init(&m, 0, 100);
	is_int(marks_load(&m, slice_of(too_far, sizeof(too_far))), E_CORRUPT,
	        "a run beyond the end");
	is_int(marks_load(&m, slice_of(cut, sizeof(cut))), E_CORRUPT, "a run that is cut");
	is_int(marks_load(&m, slice_of(endless, sizeof(endless))), E_CORRUPT,
	        "a number without an end");
	marks_free(&m);
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
