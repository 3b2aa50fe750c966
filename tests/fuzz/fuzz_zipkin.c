/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_zipkin.c — any bytes as an emitZipkinBatch datagram: refused, or each batch is a Batch with as many spans as it
 * says, and all of them together are no larger than allowed. */
#include "fuzz.h"
#include "span/inspect.h"
#include "span/zipkin.h"

enum { MOST = 600000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zipkin_batches got = { 0 };
	struct transcode_tags tags;
	struct buf encoded = { 0 };
	uint8_t *exact = fuzz_room(size);
	size_t bytes = 0;
	int rc;

	if (size > 0)
		memcpy(exact, data, size);
	transcode_encode_tag(&encoded, "cluster", "north");
	tags = (struct transcode_tags){ .encoded = buf_slice(&encoded), .count = 1 };
	rc = zipkin_convert(&got, slice_of(exact, size), &tags, MOST);
	PROMISE(rc == 0 || rc == E_MALFORMED || rc == E_UNKNOWN_METHOD || rc == E_TOO_LARGE);
	for (size_t i = 0; rc == 0 && i < got.n; i++) {
		struct inspect_facts seen;

		PROMISE(inspect_batch(buf_slice(&got.at[i].bytes), &seen, NULL, NULL, NULL) == 0);
		PROMISE(seen.spans == got.at[i].spans);
		PROMISE(seen.used == got.at[i].bytes.len);
		bytes += got.at[i].bytes.len;
	}
	PROMISE(bytes <= MOST);
	zipkin_batches_free(&got);
	buf_free(&encoded);
	free(exact);
	return 0;
}
