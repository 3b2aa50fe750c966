/* SPDX-License-Identifier: Apache-2.0 */
/* What a part says of itself on the status page; one telling, read by people and programs. */
#ifndef STATUS_H
#define STATUS_H

#include "base/base.h"

struct status;

/* What follows stands under TITLE. */
void status_section(struct status *s, const char *title);

/* One line. NAME is for people ("oldest record"); programs get it with its unit
 * ("oldest_record_seconds"). */
void status_text(struct status *s, const char *name, const char *fmt, ...) PRINTF(3, 4);
void status_count(struct status *s, const char *name, uint64_t n);
void status_bytes(struct status *s, const char *name, uint64_t bytes);
void status_duration(struct status *s, const char *name, uint64_t us);

#endif
