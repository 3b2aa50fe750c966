/* SPDX-License-Identifier: Apache-2.0 */
/* edge.h — datagrams made by hand, and the transcoder run where memory ends: the datagram ends
 * there, and so does the room that is promised to be enough for its output. */
#ifndef EDGE_H
#define EDGE_H

#include "base/buf.h"
#include "guard.h"
#include "span/transcode.h"

struct edge {
	struct guard from;
	struct guard to;
};

/* For datagrams of up to MOST bytes. */
static inline struct edge edge_new(size_t most, const struct transcode_tags *tags)
{
	return (struct edge){ guard_new(most), guard_new(transcode_bound(most, tags)) };
}

static inline void edge_free(struct edge *e)
{
	guard_free(&e->from);
	guard_free(&e->to);
}

/* OUT is good until the next call. */
static inline int edge_transcode(struct edge *e, struct slice datagram, const struct transcode_tags *tags,
        struct slice *out, struct transcode_facts *facts)
{
	size_t cap = transcode_bound(datagram.len, tags);
	const uint8_t *at = guard_put(&e->from, datagram.at, datagram.len);
	int rc = transcode_datagram(slice_of(at, datagram.len), tags, e->to.end - cap, cap, facts);

	*out = slice_of(e->to.end - cap, facts->size);
	return rc;
}

/* Appends bytes written as hexadecimal pairs and as text in quotes: "0c 00 01 'text'". */
static inline void edge_put(struct buf *to, const char *text)
{
	unsigned byte;
	int used;

	while (*text != '\0') {
		if (*text == '\'') {
			while (*++text != '\'')
				buf_byte(to, (uint8_t)*text);
			text++;
		} else if (sscanf(text, "%2x%n", &byte, &used) == 1) {
			buf_byte(to, (uint8_t)byte);
			text += used;
		}
		text += strspn(text, " ");
	}
}

/* Empties TO and writes the envelope of an emitBatch, and the header of its argument. */
static inline void edge_envelope(struct buf *to, bool compact)
{
	buf_clear(to);
	edge_put(to,
	        compact ? "82 81 00 09 'emitBatch' 1c" : "80 01 00 04 00 00 00 09 'emitBatch' 00 00 00 00 0c 00 01");
}

/* The smallest Process and span list there are; the Batch stays open for more. */
static inline void edge_least(struct buf *to, bool compact)
{
	edge_put(
	        to, compact ? "1c 18 01 's' 00 19 0c" : "0c 00 01 0b 00 01 00 00 00 01 's' 00 0f 00 02 0c 00 00 00 00");
}

#endif
