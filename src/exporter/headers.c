/* SPDX-License-Identifier: Apache-2.0 */
/* headers.c — the header lines of one request: ids, time of receipt, and the mark of spans that may have
 * arrived before. */
#include <stdio.h>

#include "exporter_internal.h"

enum { RANGE_MAX = 24 /* bytes of "/4294967295-4294967295, " */ };

size_t header_id_len(const struct part *part)
{
	size_t len = part->item->is.id.len;

	return len == 0 ? 0 : min_u64(len, EXPORTER_ID_MAX) + RANGE_MAX;
}

static size_t write_id(const struct part *part, char *to, size_t cap)
{
	const struct exporter_item *is = &part->item->is;
	int n = snprintf(to, cap, "%.*s", (int)min_u64(is->id.len, EXPORTER_ID_MAX), (const char *)is->id.at);

	if (part->count != is->facts.spans)
		n += snprintf(to + n, cap - (size_t)n, "/%u-%u", part->first, part->first + part->count - 1);
	return (size_t)n;
}

/* Writes the header "spanspool-id" with the ids of all parts of R to to->ids, which is large enough: a request takes no
 * more parts when the length of their ids would exceed HEADER_IDS_MAX (group.c). False: no part has an id. */
static bool write_ids(const struct request *r, struct request_headers *to)
{
	size_t n = (size_t)snprintf(to->ids, sizeof(to->ids), "spanspool-id: "), begin = n;

	list_each (node, &r->parts) {
		const struct part *part = container_of(node, struct part, link);

		if (part->item->is.id.len == 0)
			continue;
		if (n > begin)
			n += (size_t)snprintf(to->ids + n, sizeof(to->ids) - n, ", ");
		n += write_id(part, to->ids + n, sizeof(to->ids) - n);
	}
	return n > begin;
}

void request_headers(const struct request *r, struct request_headers *to)
{
	const struct part *first = list_first(&r->parts, struct part, link);
	const struct slice *received = &first->item->is.received;
	size_t n = 0;

	if (!r->exporter->opts.bare) {
		if (write_ids(r, to))
			to->lines[n++] = to->ids;
		if (received->len > 0) {
			snprintf(to->received, sizeof(to->received), "spanspool-received: %.*s",
			        (int)min_u64(received->len, 20), (const char *)received->at);
			to->lines[n++] = to->received;
		}
		if (part_is_marked(first))
			to->lines[n++] = "spanspool-maybe-dup: 1";
	}
	to->lines[n] = NULL;
}
