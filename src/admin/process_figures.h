/* SPDX-License-Identifier: Apache-2.0 */
/* What every process tells Prometheus of itself. */
#ifndef SERVE_PROCESS_FIGURES_H
#define SERVE_PROCESS_FIGURES_H

#include "base/buf.h"

/* process_cpu_seconds_total, process_resident_memory_bytes … under the usual names. What the system
 * does not tell is left out. */
void process_figures(struct buf *to);

#endif
