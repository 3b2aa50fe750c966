/* SPDX-License-Identifier: Apache-2.0 */
/* failing_health.c — posts batches that fail each time as health part "batches". */
#include "exporter/failing_health.h"

#include <inttypes.h>

static const char part[] = "batches";

static void post(struct health *h, enum health_level level, const struct exporter_failing *f, const char *name,
        const char *consequence)
{
	health_post(h, part, level,
	        "%" PRIu64 " fail each time while the collector takes others, %s for %" PRIu64 " s (%.100s): %s",
	        f->load.batches, name, f->load.lasted_us / US_PER_S, f->detail, consequence);
}

void failing_health_post(
        struct health *h, const struct exporter_failing *f, const char *name, const char *kept, const char *full)
{
	switch (failing_level(&f->load)) {
	case FAILING_NONE:
		health_post(h, part, HEALTH_OK, "none fails while the collector takes others");
		break;
	case FAILING_SOME:
		post(h, HEALTH_WARN, f, name, kept);
		break;
	case FAILING_ALL:
		post(h, HEALTH_DOWN, f, name, full);
		break;
	}
}
