/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_write.h — writes a Zipkin span as a Jaeger Process and Spans in TBinaryProtocol. */
#ifndef ZIPKIN_WRITE_H
#define ZIPKIN_WRITE_H

#include "base/buf.h"
#include "span/transcode.h"
#include "zipkin_span.h"

/* Appends the Process struct, with the agent's TAGS last. */
void zipkin_put_process(struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c,
        const struct transcode_tags *tags);
/* Appends the Span structs and returns how many: 2 when c->is_both. */
uint32_t zipkin_put_spans(struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c);

#endif
