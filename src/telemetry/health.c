/* SPDX-License-Identifier: Apache-2.0 */
/* health.c — levels and reasons of the parts, and since when; logs changes of level. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "telemetry/health.h"
#include "base/log.h"

static const enum log_level log_levels[] = {
	[HEALTH_OK] = LOG_LEVEL_INFO,
	[HEALTH_WARN] = LOG_LEVEL_WARN,
	[HEALTH_DOWN] = LOG_LEVEL_ERROR,
};

const char *health_word(enum health_level level)
{
	static const char *const words[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_WARN] = "warn",
		[HEALTH_DOWN] = "down",
	};

	return words[level];
}

/* Finds or adds part NAME; NULL when all HEALTH_PARTS are used. */
static struct health_part *find_or_add_part(struct health *h, const char *name)
{
	struct health_part *p;

	for (size_t i = 0; i < h->nparts; i++)
		if (strcmp(h->parts[i].name, name) == 0)
			return &h->parts[i];
	if (h->nparts == HEALTH_PARTS)
		return NULL;
	p = &h->parts[h->nparts++];
	*p = (struct health_part){ .name = name, .since_ms = clock_wall_ms() };
	return p;
}

/* Updates part NAME; returns it when its level has changed, else NULL. */
static __attribute__((format(printf, 4, 0))) const struct health_part *update_part(
        struct health *h, const char *name, enum health_level level, const char *fmt, va_list ap)
{
	struct health_part *p = find_or_add_part(h, name);

	if (p == NULL) {
		log_error("health: no room on the board for %s", name);
		return NULL;
	}
	vsnprintf(p->sentence, sizeof(p->sentence), fmt, ap);
	if (p->level == level)
		return NULL;
	p->level = level;
	p->since_ms = clock_wall_ms();
	return p;
}

void health_post(struct health *h, const char *name, enum health_level level, const char *fmt, ...)
{
	const struct health_part *changed;
	va_list ap;

	va_start(ap, fmt);
	changed = update_part(h, name, level, fmt, ap);
	va_end(ap);
	if (changed != NULL)
		log_line(log_levels[level], "%s: %s", name, changed->sentence);
}

void health_post_known(struct health *h, const char *name, enum health_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)update_part(h, name, level, fmt, ap);
	va_end(ap);
}

void health_begin(struct health *h, const char *name, enum health_level level, const char *fmt, ...)
{
	struct health_part *p = find_or_add_part(h, name);
	va_list ap;

	if (p == NULL)
		return;
	p->level = level;
	va_start(ap, fmt);
	vsnprintf(p->sentence, sizeof(p->sentence), fmt, ap);
	va_end(ap);
}

void health_note(struct health *h, const char *name, const char *fmt, ...)
{
	va_list ap;

	for (size_t i = 0; i < h->nparts; i++) {
		struct health_part *p = &h->parts[i];

		if (strcmp(p->name, name) != 0 || p->level != HEALTH_OK)
			continue;
		va_start(ap, fmt);
		vsnprintf(p->sentence, sizeof(p->sentence), fmt, ap);
		va_end(ap);
	}
}

void health_serve(struct health *h, bool serving)
{
	if (serving && !h->serving) {
		h->serving_since_ms = clock_wall_ms();
		h->serving_since_us = clock_mono_us();
	}
	h->serving = serving;
}

enum health_level health_worst(const struct health *h)
{
	enum health_level worst = HEALTH_OK;

	for (size_t i = 0; i < h->nparts; i++)
		if (h->parts[i].level > worst)
			worst = h->parts[i].level;
	return worst;
}

void health_add_worst(const struct health *h, char *to, size_t cap)
{
	enum health_level worst = health_worst(h);
	size_t len = strlen(to);

	for (size_t i = 0; worst != HEALTH_OK && i < h->nparts; i++) {
		const struct health_part *p = &h->parts[i];

		if (p->level != worst)
			continue;
		snprintf(to + len, cap - len, "; %s: %s: %s", health_word(worst), p->name, p->sentence);
		return;
	}
}
