/* SPDX-License-Identifier: Apache-2.0 */
/* failing.c — the share of batches that fail each time. */
#include "policy/failing.h"

static bool is_nearly_full(uint64_t held, uint64_t most)
{
	return held >= most / 4 * 3;
}

bool failing_counts(bool others_pass, uint64_t held, uint64_t most)
{
	return others_pass || is_nearly_full(held, most);
}

uint64_t failing_excess(const struct failing_load *l)
{
	return l->share == 0 || l->bytes <= l->share ? 0 : l->bytes - l->share;
}

/*   failing for    | held         | of these failing | level
 *   ---------------+--------------+------------------+------
 *    under 30 s    |      -       |        -         | none
 *    30 s and more | below 3/4    |        -         | some
 *    30 s and more | 3/4 and more | below 3/4        | some
 *    30 s and more | 3/4 and more | 3/4 and more     | all   */
enum failing_level failing_level(const struct failing_load *l)
{
	if (l->batches == 0 || l->lasted_us < FAILING_S * US_PER_S)
		return FAILING_NONE;
	return is_nearly_full(l->held, l->most) && l->bytes >= l->held / 4 * 3 ? FAILING_ALL : FAILING_SOME;
}
