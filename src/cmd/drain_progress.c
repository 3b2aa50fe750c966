/* SPDX-License-Identifier: Apache-2.0 */
/* drain_progress.c — shows the progress of a drain with an end: records, rate, time left. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "drainer.h"
#include "base/units.h"

enum { LOOK_MS = 200, LOG_S = 10, LINE = 120, TIME = 32 };

void drainer_progress_of(const struct drainer *d, struct drain_progress *to)
{
	if (d->directory != NULL)
		from_directory_progress(d->directory, to);
	else
		drain_progress(d->drain, to);
}

static void describe(const struct drainer_progress *p, const struct drain_progress *at, char to[LINE])
{
	char left[TIME];
	uint64_t left_us;
	int n = snprintf(to, LINE, "%" PRIu64 " of %" PRIu64 " records (%" PRIu64 " %%)", at->done, at->whole,
	        at->done * 100 / at->whole);

	if (at->done < at->whole && progress_rate_left(&p->rate, at->whole, &left_us))
		snprintf(to + n, LINE - (size_t)n, ", %.0f/s, %s left", p->rate.per_second,
		        units_print_duration(left_us, left, sizeof(left)));
}

static void on_look(void *arg)
{
	struct drainer *d = arg;
	struct drainer_progress *p = &d->progress;
	uint64_t now = clock_mono_us();
	struct drain_progress at;
	char text[LINE];

	timer_start(p->timer, LOOK_MS);
	drainer_progress_of(d, &at);
	if (at.whole == 0 || at.finished)
		return;
	progress_rate_note(&p->rate, now, at.done);
	describe(p, &at, text);
	progress_show(&p->line, at.done, at.whole, "%s", text);
	if (!p->line.live && now - p->told_us >= LOG_S * US_PER_S) {
		log_info("drain: %s", text);
		p->told_us = now;
	}
}

int drainer_progress_open(struct drainer *d, struct why *why)
{
	if (d->set.until.kind == REPLAY_NONE)
		return 0;
	progress_init(&d->progress.line, stderr);
	/* Log lines would break the progress line on the terminal, so only warnings and errors are logged. */
	if (d->progress.line.live && conf_origin(d->options.conf, "log-level") == CONF_DEFAULT)
		log_setup(LOG_LEVEL_WARN, d->options.log_form);
	if (timer_open(&d->progress.timer, d->loop, on_look, d) < 0)
		return why_set(why, E_NOMEM, "progress");
	timer_start(d->progress.timer, LOOK_MS);
	return 0;
}

void drainer_progress_close(struct drainer *d)
{
	progress_clear(&d->progress.line);
	timer_free(d->progress.timer);
	d->progress.timer = NULL;
}
