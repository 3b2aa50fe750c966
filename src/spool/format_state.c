/* SPDX-License-Identifier: Apache-2.0 */
/* format_state.c — encodes a state, and a segment's head, which ends in a state. */
#include "format_internal.h"

enum {
	STATE_MAGIC = 0x53505353, /* "SSPS" */
	HEAD_MAGIC = 0x48505353,  /* "SSPH" */
	FLAG_RUNNING = 1,
	STATE_KEY_AT = 96,
	STATE_OLDEST = 3, /* first version with a key; it has no STATE_COUNTS */
};

static const uint8_t *key_in_state(struct slice frame)
{
	return frame.len < STATE_KEY_AT + KEY_BYTES ? NULL : frame.at + STATE_KEY_AT;
}

static const uint8_t *key_in_head(struct slice frame)
{
	size_t before = frame.len < HEAD_FIXED ? 0 : HEAD_FIXED + (size_t)get16(frame.at + 6);

	if (before == 0 || frame.len < before)
		return NULL;
	return key_in_state(slice_of(frame.at + before, frame.len - before));
}

static const struct format_kind state_kind = { STATE_MAGIC, STATE_VERSION, STATE_OLDEST, STATE_FIXED, key_in_state };
static const struct format_kind head_kind = { HEAD_MAGIC, HEAD_VERSION, HEAD_VERSION, HEAD_FIXED, key_in_head };

/*
 * State
 *    0  u32 magic         4  u16 version       6  u16 flags (1 running)
 *    8  u32 length       12  u32 positions_len 16  u16 outcomes   18  u16 places
 *   20  u16 causes whose times are noted      22  u16 counts behind these, 0 in version 3
 *   24  u64 spool        32  u64 generation   40  u64 boot       48  u64 cursor
 *   56  u64 offered_to   64  u64 end          72  u64 spans_put  80  u64 floor position
 *   88  u64 floor spans  96  the key         128  u64 bytes of the segments
 *  136  u64 numbers of the ledger, then the positions, then u64 checksum of all
 */
static uint8_t *put_count(uint8_t *to, const struct ledger_count *c)
{
	put64(to, c->spans);
	put64(to + 8, c->batches);
	return to + 16;
}

static uint8_t *put_ledger(uint8_t *to, const struct ledger *l)
{
	put64(to, l->boots);
	put64(to + 8, l->unclean_stops);
	put64(to + 16, l->received);
	put64(to + 24, l->kernel_dropped);
	to += 32;
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++, to += 8)
		put64(to, l->outcome[i]);
	to = put_count(to, &l->accepted);
	for (int i = 0; i < LEDGER_PLACES_N; i++)
		to = put_count(to, &l->place[i]);
	to = put_count(to, &l->maybe_duplicate);
	for (int i = 0; i < LEDGER_CAUSES_N; i++, to += 16) {
		put64(to, l->lost[i].first_ms);
		put64(to + 8, l->lost[i].last_ms);
	}
	return put_count(to, &l->unconfirmed);
}

size_t format_state_encode(uint8_t *to, const struct spool_state *s, const struct spool_id *id)
{
	uint32_t positions_len = (uint32_t)min_u64(s->positions_len, SPOOL_POSITIONS_BYTES);
	uint8_t *at;
	size_t len;

	put16(to + 6, s->running ? FLAG_RUNNING : 0);
	put32(to + 12, positions_len);
	put16(to + 16, LEDGER_OUTCOMES_N);
	put16(to + 18, LEDGER_PLACES_N);
	put16(to + 20, LEDGER_CAUSES_N);
	put16(to + 22, STATE_COUNTS);
	put64(to + 24, id->spool);
	put64(to + 32, s->generation);
	put64(to + 40, s->boot);
	put64(to + 48, s->cursor);
	put64(to + 56, s->offered_to);
	put64(to + 64, s->end);
	put64(to + 72, s->spans_put);
	put64(to + 80, id->low_water.position);
	put64(to + 88, id->low_water.spans);
	memcpy(to + STATE_KEY_AT, id->key.bytes, KEY_BYTES);
	put64(to + STATE_KEY_AT + KEY_BYTES, id->bytes);
	at = put_ledger(to + STATE_FIXED, &s->ledger);
	memcpy(at, s->positions, positions_len);
	len = (size_t)(at - to) + positions_len + CHECKSUM;
	format_seal(to, &state_kind, &id->key, len);
	return len;
}

static const uint8_t *get_count(const uint8_t *from, struct ledger_count *c)
{
	c->spans = get64(from);
	c->batches = get64(from + 8);
	return from + 16;
}

/* Number of entries per ledger table in a stored state. An older version stored fewer; the rest are 0. */
struct stored_counts {
	unsigned outcomes;
	unsigned places;
	unsigned causes;
	unsigned counts;
};

static bool get_stored_counts(const uint8_t *from, struct stored_counts *k)
{
	*k = (struct stored_counts){ get16(from + 16), get16(from + 18), get16(from + 20), get16(from + 22) };
	return k->outcomes <= LEDGER_OUTCOMES_N && k->places <= LEDGER_PLACES_N && k->causes <= LEDGER_CAUSES_N &&
	       k->counts <= STATE_COUNTS;
}

static size_t ledger_bytes(const struct stored_counts *k)
{
	return 8 * (size_t)(4 + k->outcomes + 2 + 2 * k->places + 2 + 2 * k->causes + 2 * k->counts);
}

static void get_ledger(const uint8_t *from, const struct stored_counts *k, struct ledger *l)
{
	memset(l, 0, sizeof(*l));
	l->boots = get64(from);
	l->unclean_stops = get64(from + 8);
	l->received = get64(from + 16);
	l->kernel_dropped = get64(from + 24);
	from += 32;
	for (unsigned i = 0; i < k->outcomes; i++, from += 8)
		l->outcome[i] = get64(from);
	from = get_count(from, &l->accepted);
	for (unsigned i = 0; i < k->places; i++)
		from = get_count(from, &l->place[i]);
	from = get_count(from, &l->maybe_duplicate);
	for (unsigned i = 0; i < k->causes; i++, from += 16)
		l->lost[i] = (struct ledger_when){ get64(from), get64(from + 8) };
	if (k->counts > 0)
		get_count(from, &l->unconfirmed);
}

int format_state_decode(struct slice from, const struct key *key, struct spool_state *s, struct spool_id *id)
{
	int rc = format_unseal(&from, &state_kind, key);
	struct stored_counts stored_counts;
	size_t numbers;

	if (rc < 0)
		return rc;
	if (!get_stored_counts(from.at, &stored_counts))
		return E_CORRUPT;
	numbers = ledger_bytes(&stored_counts);
	s->positions_len = get32(from.at + 12);
	if (s->positions_len > SPOOL_POSITIONS_BYTES || from.len != STATE_FIXED + numbers + s->positions_len)
		return E_CORRUPT;
	s->running = (get16(from.at + 6) & FLAG_RUNNING) != 0;
	id->spool = get64(from.at + 24);
	s->generation = get64(from.at + 32);
	s->boot = get64(from.at + 40);
	s->cursor = get64(from.at + 48);
	s->offered_to = get64(from.at + 56);
	s->end = get64(from.at + 64);
	s->spans_put = get64(from.at + 72);
	if (s->cursor == 0 || s->cursor > s->end)
		return E_CORRUPT;
	id->low_water.position = get64(from.at + 80);
	id->low_water.spans = get64(from.at + 88);
	format_key_load(&id->key, from.at + STATE_KEY_AT);
	id->bytes = get64(from.at + STATE_KEY_AT + KEY_BYTES);
	get_ledger(from.at + STATE_FIXED, &stored_counts, &s->ledger);
	memset(s->positions, 0, sizeof(s->positions));
	memcpy(s->positions, from.at + STATE_FIXED + numbers, s->positions_len);
	return 0;
}

/*
 * Head (key 0 of a segment)
 *    0  u32 magic         4  u16 version       6  u16 host bytes
 *    8  u32 length       12  u32 0            16  u64 txnid
 *   24  u64 first        32  u64 spans before it
 *   40  u64 end          48  u64 spans before it
 *   56  u64 made_ms      64  u64 first_ms     72  u64 last_ms
 *   80  host, then a state, then u64 checksum of all before
 */
size_t format_head_encode(uint8_t *to, const struct head *h)
{
	size_t host = strnlen(h->host, HOST_BYTES), len;

	put16(to + 6, (uint16_t)host);
	put32(to + 12, 0);
	put64(to + 16, h->txnid);
	put64(to + 24, h->first.position);
	put64(to + 32, h->first.spans);
	put64(to + 40, h->end.position);
	put64(to + 48, h->end.spans);
	put64(to + 56, h->made_ms);
	put64(to + 64, h->first_ms);
	put64(to + 72, h->last_ms);
	memcpy(to + HEAD_FIXED, h->host, host);
	len = HEAD_FIXED + host;
	len += format_state_encode(to + len, &h->state, &h->id) + CHECKSUM;
	format_seal(to, &head_kind, &h->id.key, len);
	return len;
}

bool format_is_head(struct slice from)
{
	return from.len >= 4 && get32(from.at) == HEAD_MAGIC;
}

int format_head_decode(struct slice from, const struct key *key, struct head *h)
{
	int rc = format_unseal(&from, &head_kind, key);
	size_t host;

	if (rc < 0)
		return rc;
	host = get16(from.at + 6);
	if (host > HOST_BYTES || from.len < HEAD_FIXED + host)
		return E_CORRUPT;
	h->txnid = get64(from.at + 16);
	h->first = (struct span_offset){ get64(from.at + 24), get64(from.at + 32) };
	h->end = (struct span_offset){ get64(from.at + 40), get64(from.at + 48) };
	h->made_ms = get64(from.at + 56);
	h->first_ms = get64(from.at + 64);
	h->last_ms = get64(from.at + 72);
	memset(h->host, 0, sizeof(h->host));
	memcpy(h->host, from.at + HEAD_FIXED, host);
	from = slice_of(from.at + HEAD_FIXED + host, from.len - HEAD_FIXED - host);
	return format_state_decode(from, key, &h->state, &h->id);
}
