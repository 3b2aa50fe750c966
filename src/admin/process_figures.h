/* SPDX-License-Identifier: Apache-2.0 */
/* process_figures.h — the standard process metrics of Prometheus. */
#ifndef SERVE_PROCESS_FIGURES_H
#define SERVE_PROCESS_FIGURES_H

#include "base/buf.h"

/* Appends process_cpu_seconds_total, process_resident_memory_bytes … A figure that the system does not provide is
 * omitted. */
void process_figures(struct buf *to);

#endif
