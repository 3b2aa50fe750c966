/* postman_headers.c — the header lines of one request: id, time of receipt, and the mark of spans that may
 * have arrived before. */
#include <stdio.h>

#include "postman_parts.h"

static void write_id(const struct piece *piece, char *to, size_t cap)
{
	const struct postman_letter *is = &piece->letter->is;
	int n = snprintf(to, cap, "spanspool-id: %.*s", (int)min_u64(is->id.len, POSTMAN_ID_MAX),
	        (const char *)is->id.at);

	if (piece->count != is->spans)
		snprintf(to + n, cap - (size_t)n, "/%u-%u", piece->first,
		        piece->first + piece->count - 1);
}

void piece_headers(const struct piece *piece, struct piece_headers *to)
{
	const struct postman_letter *is = &piece->letter->is;
	size_t n = 0;

	if (!piece->letter->postman->opts.bare) {
		if (is->id.len > 0) {
			write_id(piece, to->id, sizeof(to->id));
			to->lines[n++] = to->id;
		}
		if (is->received.len > 0) {
			snprintf(to->received, sizeof(to->received), "spanspool-received: %.*s",
			        (int)min_u64(is->received.len, 20), (const char *)is->received.at);
			to->lines[n++] = to->received;
		}
		if (is->maybe_dup || piece->maybe_stored)
			to->lines[n++] = "spanspool-maybe-dup: 1";
	}
	to->lines[n] = NULL;
}
