/* SPDX-License-Identifier: Apache-2.0 */
/* process_figures.h — the standard process metrics of Prometheus. */
#ifndef ADMIN_PROCESS_FIGURES_H
#define ADMIN_PROCESS_FIGURES_H

#include "base/buf.h"

/* Appends process_cpu_seconds_total, process_resident_memory_bytes … A figure that the system does not provide is
 * omitted. */
void process_figures_add(struct buf *to);

#endif
