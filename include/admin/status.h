/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the status page; one description gives both HTML and JSON. */
#ifndef STATUS_H
#define STATUS_H

#include "base/base.h"

struct status;

/* Begins a section; lines added later belong to it. */
void status_section(struct status *s, const char *title);

/* Adds a line. HTML shows NAME ("oldest record"); the JSON key is NAME with its unit ("oldest_record_seconds"). */
void status_text(struct status *s, const char *name, const char *fmt, ...) PRINTF(3, 4);
void status_count(struct status *s, const char *name, uint64_t n);
void status_bytes(struct status *s, const char *name, uint64_t bytes);
void status_duration(struct status *s, const char *name, uint64_t us);

#endif
