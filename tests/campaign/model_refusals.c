/* SPDX-License-Identifier: Apache-2.0 */
/* model_refusals.c — a refused batch is not offered again at once, and none is set aside but with the evidence of
 * evidence.h: a sink that by chance, or in three moods, refuses a good batch three times while others pass shows
 * the agent what a bad batch would. */
#include <inttypes.h>

#include "model_refusals.h"
#include "model_sink.h"
#include "sim.h"

enum {
	BAD_ONE_IN = 40,  /* batches that the sink refuses for ever */
	CONFIRMED = 2,    /* refusals of a good batch after which another passed where it did not */
	LEAST_PAUSE = 250 /* ms between a refusal and the next offer of the same batch */
};

static struct {
	bool bad[MODEL_NUMBERS];
	uint64_t refused_us[MODEL_NUMBERS];   /* in this life; 0: was not */
	unsigned confirmed[MODEL_NUMBERS];    /* of these refusals, by a batch that passed later */
	uint32_t refused_by[MODEL_NUMBERS];   /* the partition */
	uint64_t passed_us[MODEL_PARTITIONS]; /* when the newest batch that passed there was offered */
	bool lets_go;                         /* the spool was in fault: what rests may have been read again */
	bool healing;
} r;

static void check_pause(const struct batch *b)
{
	uint64_t n = model_number(b), refused = r.refused_us[n];

	if (refused != 0 && !r.lets_go && sim_mono_us - refused < LEAST_PAUSE * US_PER_MS)
		fault("batch %" PRIu64 " is offered again %" PRIu64 " ms after it was refused", n,
		        (sim_mono_us - refused) / US_PER_MS);
}

static void note_refused(const struct batch *b, uint32_t partition)
{
	uint64_t n = model_number(b);

	if (r.refused_us[n] != 0 && r.passed_us[r.refused_by[n]] > r.refused_us[n])
		r.confirmed[n]++;
	r.refused_us[n] = sim_mono_us;
	r.refused_by[n] = partition;
}

static void note_passed(uint32_t partition, uint64_t offered_us)
{
	r.passed_us[partition] = max_u64(r.passed_us[partition], offered_us);
}

static bool is_bad(const struct batch *b)
{
	return r.bad[model_number(b)];
}

static void check_set_aside(const struct batch *b)
{
	if (!is_bad(b) && r.confirmed[model_number(b)] < CONFIRMED)
		fault("batch %" PRIu64 " was good, and is in the quarantine", model_number(b));
}

void model_refusals_init(void)
{
	memset(&r, 0, sizeof(r));
	model_sink.offered = check_pause;
	model_sink.refused = note_refused;
	model_sink.passed = note_passed;
	model_sink.is_bad = is_bad;
	sim_disk->set_aside = check_set_aside;
}

void model_refusals_begin(void)
{
	r.lets_go = sim_disk->put_rc < 0;
	memset(r.refused_us, 0, sizeof(r.refused_us));
	memset(r.confirmed, 0, sizeof(r.confirmed));
	memset(r.passed_us, 0, sizeof(r.passed_us));
}

void model_refusals_disk(void)
{
	r.lets_go |= sim_disk->put_rc < 0;
}

void model_refusals_heal(void)
{
	r.healing = true;
}

void model_refusals_draw(uint64_t number)
{
	r.bad[number] = !r.healing && model_roll(BAD_ONE_IN) == 0;
}
