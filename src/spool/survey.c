/* SPDX-License-Identifier: Apache-2.0 */
/* survey.c — the two jobs whose cost grows with the number of segments, kept out of the start of an undamaged spool.
 *
 * survey_names reads the head of each segment after one was found damaged, missing or misnamed, and gives misnamed
 * segments their names. It runs again only while some head could not be read. survey_sizes asks the file system for the
 * sizes of at most SIZES segments in each commit cycle. */
#include <inttypes.h>

#include "base/clock.h"
#include "names.h"
#include "spool_internal.h"

enum {
	SIZES = 64,         /* segments in one commit cycle */
	RETRY_US = 1000000, /* from one reading of the heads to the next, while one cannot be read */
};

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
