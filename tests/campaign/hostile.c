/* SPDX-License-Identifier: Apache-2.0 */
/* hostile.c — forged frames, one behind the other, at even offsets as LMDB's values have. */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "hostile.h"
#include "statefile.h"

enum { FRAMES = 24, FRAME_MOST = 8192, BODY = 40, PAGE = 4096 };

static const uint64_t far_away = UINT64_C(1) << 50;

static size_t forge_record(uint8_t *to, const struct key *key, uint64_t position)
{
	struct record r = {
		.position = position,
		.boot = 1,
		.sequence = position,
		.received_ms = 1,
		.spans_before = position * 4,
		.spans = 1,
		.size = BODY,
	};

	memset(to + RECORD_HEADER, 0x5a, BODY);
	format_record_encode(to, key, &r, slice_of(to + RECORD_HEADER, BODY));
	return RECORD_HEADER + BODY;
}

/* All is delivered, says the state, and much more than there is was accepted. */
static size_t forge_head(uint8_t *to, const struct key *key, uint64_t end, uint64_t first)
{
	struct head h = {
		.txnid = UINT64_C(1) << 40,
		.first = { first, 0 },
		.end = { end, end },
		.host = "evil",
		.state = { .generation = UINT64_C(1) << 40,
		        .cursor = end,
		        .offered_to = end,
		        .end = end,
		        .spans_put = end },
		.id = { .spool = 666, .key = *key },
	};
	size_t len;

	ledger_enter(&h.state.ledger, LEDGER_DELIVERED, end, end);
	len = format_head_encode(to, &h);
	return (len + format_state_encode(to + len + len % 2, &h.state, &h.id) + 2) / 2 * 2;
}

/* A leaf with one node, as LMDB has it on page NUMBER. */
static size_t forge_leaf(uint8_t *to, const struct key *key, uint64_t number, uint64_t position)
{
	uint16_t node = PAGE - 16 - RECORD_HEADER - BODY, lower = 18, flags = 2, ksize = 8;
	uint32_t size = RECORD_HEADER + BODY;

	memset(to, 0, PAGE);
	memcpy(to, &number, sizeof(number));
	memcpy(to + 10, &flags, sizeof(flags));
	memcpy(to + 12, &lower, sizeof(lower));
	memcpy(to + 14, &node, sizeof(node));
	memcpy(to + 16, &node, sizeof(node));
	memcpy(to + node, &size, sizeof(size));
	memcpy(to + node + 6, &ksize, sizeof(ksize));
	memcpy(to + node + 8, &position, sizeof(position));
	forge_record(to + node + 16, key, position);
	return PAGE;
}

size_t hostile_pattern(uint8_t **bytes, const struct key *key, enum hostile_aim aim)
{
	uint8_t *to = calloc(FRAMES, FRAME_MOST);
	size_t len = 0;

	if (to == NULL)
		exit(99);
	for (uint64_t i = 0; i < FRAMES; i++) {
		uint64_t at = aim == HOSTILE_INSIDE ? 1 + i * 7 : far_away + i;

		if (i % 8 == 3)
			len += forge_head(to + len, key, far_away, aim == HOSTILE_INSIDE ? at : far_away);
		else if (i % 8 == 6)
			len += forge_leaf(to + len, key, 2 + i, at);
		else
			len += forge_record(to + len, key, at);
	}
	*bytes = to;
	return len;
}

struct key hostile_steal(const char *directory)
{
	int at = open(directory, O_RDONLY | O_DIRECTORY);
	struct statefile f;
	struct slot slot = { .rc = E_CORRUPT };

	if (at < 0 || statefile_open_readonly(&f, at) < 0)
		exit(99);
	for (unsigned i = 0; i < SLOTS && slot.rc < 0; i++)
		statefile_read(&f, i, &slot);
	statefile_close(&f);
	close(at);
	if (slot.rc < 0)
		exit(99);
	return slot.id.key;
}
