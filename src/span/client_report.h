/* SPDX-License-Identifier: Apache-2.0 */
/* client_report.h — reads what a numbered batch says of its client. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "schema.h"
#include "span/transcode.h"

/* Sets C from BATCH, which was validated and has M->number. C->uuid points into BATCH. */
void client_report_read(struct client_report *c, const uint8_t *batch, const struct field_offsets *m);

#endif
