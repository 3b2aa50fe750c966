/* SPDX-License-Identifier: Apache-2.0 */
/* bench_positions.c — what one turn of the spooler costs in the map of positions while one record is stuck and
 * 1,600,000 behind it are delivered: two changes, the saved map, the look for what waits.
 *
 *   bench_positions [POSITIONS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/positions.h"

enum { TURNS = 2000 };

static void must(int rc)
{
	if (rc < 0)
		exit(99);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1600000, began, spans, batches, first, end;
	uint8_t saved[3072];
	struct positions m;

	positions_init(&m, 1, 1);
	positions_extend(&m, n);
	must(positions_set(&m, 1, POSITION_IN_FLIGHT, 0));
	began = clock_mono_us();
	for (uint64_t p = 2; p < n; p++)
		must(positions_set(&m, p, POSITION_DONE, 3));
	printf("%-52s %8.1f ns\n", "a position that is delivered", (double)(clock_mono_us() - began) * 1e3 / (double)n);
	began = clock_mono_us();
	for (int turn = 0; turn < TURNS; turn++) {
		uint64_t position = m.end;

		positions_extend(&m, position + 1);
		must(positions_set(&m, position, POSITION_IN_FLIGHT, 0));
		must(positions_set(&m, position, POSITION_DONE, 3));
		positions_save(&m, saved, sizeof(saved), &spans, &batches);
		positions_next(&m, m.cursor, 1, &first, &end);
	}
	printf("%-52s %8.1f us\n", "a turn with one stuck and all others delivered",
	        (double)(clock_mono_us() - began) / TURNS);
	positions_free(&m);
	return 0;
}
