/* SPDX-License-Identifier: Apache-2.0 */
/* The monotonic and the wall clock. Ages and time-outs use the monotonic clock only. */
#ifndef CLOCK_H
#define CLOCK_H

#include "base/base.h"

/* Microseconds since an arbitrary moment of this boot; never jumps. */
uint64_t clock_mono_us(void);

/* Milliseconds since 1970; may jump. For values that people or other hosts read. */
uint64_t clock_wall_ms(void);

#endif
