/* SPDX-License-Identifier: Apache-2.0 */
/* survey.c — work that grows with the number of segments; a start of an undamaged spool does none of it.
 * survey_names reads the heads of all segments, once, after a segment was found damaged, missing or misnamed.
 * survey_sizes stats SIZES segments per cycle. */
#include <inttypes.h>

#include "base/clock.h"
#include "names.h"
#include "spool_internal.h"

enum { SIZES = 64, RETRY_US = 1000000 };

static void log_names(const struct spool *s)
{
	for (size_t i = 0; i < s->segments.n; i++) {
		const struct segment *seg = &s->segments.at[i];

		if (seg->by_head && seg->named != seg->first)
			log_warn("spool: seg-%016" PRIx64 " begins with position %" PRIu64 " and should be called so",
			        seg->named, seg->first);
	}
}

enum survey survey_names(struct spool *s)
{
	bool all, dropped = false;
	int wrong, rc;

	if (clock_mono_us() < s->survey_at_us)
		return SURVEY_AS_BEFORE;
	for (size_t i = s->segments.n; i-- > 0;)
		dropped = segments_drop_gone(&s->segments, s->dir, i) || dropped;
	wrong = names_learn(&s->segments, s->dir, &s->id, &all);
	s->survey_at_us = all ? UINT64_MAX : clock_mono_us() + RETRY_US;
	if (wrong <= 0 && !dropped)
		return SURVEY_AS_BEFORE;
	s->surveys++;
	reader_close(&s->reader); /* the open segment may have another first position now */
	log_names(s);
	rc = names_write(&s->segments, s->dir);
	if (rc < 0)
		log_warn("spool: not all segments could be renamed: %s", err_text(rc));
	return wrong > 0 ? SURVEY_MISNAMED : SURVEY_DROPPED;
}

void survey_sizes(struct spool *s)
{
	segments_measure(&s->segments, s->dir, SIZES, true);
}
