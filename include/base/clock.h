/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks. Ages and time-outs use the monotonic one only. */
#ifndef CLOCK_H
#define CLOCK_H

#include "base/base.h"

/* Microseconds since some fixed moment of this boot; never steps. */
uint64_t clock_mono_us(void);

/* Milliseconds since 1970; may step. For what people and other hosts read. */
uint64_t clock_wall_ms(void);

#endif
