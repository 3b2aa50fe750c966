/* SPDX-License-Identifier: Apache-2.0 */
/* room.c — formats how much of its limits a spool uses. */
#include <stdio.h>

#include "spool/spool.h"
#include "base/units.h"

enum { SIZE_TEXT = 32 };

const char *spool_room_text(const struct spool_opts *o, const struct spool_stats *s, char *to, size_t cap)
{
	char used[SIZE_TEXT], max[SIZE_TEXT], kept[SIZE_TEXT], left[SIZE_TEXT], least[SIZE_TEXT];

	snprintf(to, cap,
	        "%s holds %s of spool.max-bytes %s and %s in quarantine, its file system has %s "
	        "free and spool.min-free is %s",
	        o->directory, units_print_size(s->bytes, used, sizeof(used)),
	        units_print_size(o->max_bytes, max, sizeof(max)),
	        units_print_size(s->quarantine_bytes, kept, sizeof(kept)),
	        units_print_size(s->free_bytes, left, sizeof(left)),
	        units_print_size(o->min_free, least, sizeof(least)));
	return to;
}
