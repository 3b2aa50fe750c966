/* SPDX-License-Identifier: Apache-2.0 */
/* fakeclock.h — stands in for clock.c: the real clocks, moved ahead by what a test says. Included by
 * one file of a test. */
#ifndef FAKECLOCK_H
#define FAKECLOCK_H

#include <time.h>

#include "base/clock.h"

static uint64_t fakeclock_ahead_us;

uint64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000 + fakeclock_ahead_us;
}

uint64_t clock_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + fakeclock_ahead_us / US_PER_MS;
}

#endif
