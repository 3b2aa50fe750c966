/* layout.c — the bytes on disk: record, state, segment head, quarantine trailer. Pure: memory in,
 * memory out. Each thing begins with a magic and a version and ends in (or holds) an XXH3 checksum,
 * and each that may grow says its own length, so that a later version still finds the checksum. */
#include <endian.h>
#include <xxhash.h>

#include "layout.h"

enum {
	RECORD_MAGIC = 0x52505353,  /* "SSPR" */
	STATE_MAGIC = 0x53505353,   /* "SSPS" */
	HEAD_MAGIC = 0x48505353,    /* "SSPH" */
	TRAILER_MAGIC = 0x51505353, /* "SSPQ" */
	FLAG_MAYBE_DUP = 1,
	FLAG_RUNNING = 1,
	CHECKSUM = 8,
	RECORD_CHECKSUM_AT = RECORD_HEADER - CHECKSUM,
	TRAILER_FIXED = 16,
	TEXT_MOST = 1024,
};

static void put16(uint8_t *to, uint16_t v)
{
	v = htole16(v);
	memcpy(to, &v, sizeof(v));
}

static void put32(uint8_t *to, uint32_t v)
{
	v = htole32(v);
	memcpy(to, &v, sizeof(v));
}

static void put64(uint8_t *to, uint64_t v)
{
	v = htole64(v);
	memcpy(to, &v, sizeof(v));
}

static uint16_t get16(const uint8_t *from)
{
	uint16_t v;

	memcpy(&v, from, sizeof(v));
	return le16toh(v);
}

static uint32_t get32(const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, sizeof(v));
	return le64toh(v);
}

/*
 * Record
 *    0  u32 magic          4  u8 version   5  u8 flags   6  u16 header bytes
 *    8  u32 spans         12  u32 size
 *   16  u64 position      24  u64 boot    32  u64 sequence
 *   40  u64 received_ms   48  u64 spans_before
 *   56  u64 checksum: XXH3 of the batch's bytes, seeded with XXH3 of bytes 0 … 55
 */
static uint64_t record_checksum(const uint8_t *header, struct slice value)
{
	return XXH3_64bits_withSeed(value.at, value.len, XXH3_64bits(header, RECORD_CHECKSUM_AT));
}

void layout_record_encode(uint8_t to[RECORD_HEADER], const struct record *r, struct slice value)
{
	put32(to, RECORD_MAGIC);
	to[4] = RECORD_VERSION;
	to[5] = r->maybe_dup ? FLAG_MAYBE_DUP : 0;
	put16(to + 6, RECORD_HEADER);
	put32(to + 8, r->spans);
	put32(to + 12, r->size);
	put64(to + 16, r->position);
	put64(to + 24, r->boot);
	put64(to + 32, r->sequence);
	put64(to + 40, r->received_ms);
	put64(to + 48, r->spans_before);
	put64(to + RECORD_CHECKSUM_AT, record_checksum(to, value));
}

int layout_record_decode(const uint8_t from[RECORD_HEADER], struct record *r)
{
	if (get32(from) != RECORD_MAGIC || from[4] != RECORD_VERSION ||
	        get16(from + 6) != RECORD_HEADER)
		return E_CORRUPT;
	r->maybe_dup = (from[5] & FLAG_MAYBE_DUP) != 0;
	r->spans = get32(from + 8);
	r->size = get32(from + 12);
	if (r->size > RECORD_MOST)
		return E_CORRUPT;
	r->position = get64(from + 16);
	r->boot = get64(from + 24);
	r->sequence = get64(from + 32);
	r->received_ms = get64(from + 40);
	r->spans_before = get64(from + 48);
	return 0;
}

bool layout_record_verify(const uint8_t header[RECORD_HEADER], struct slice value)
{
	return get64(header + RECORD_CHECKSUM_AT) == record_checksum(header, value);
}

/* State, head and trailer share a frame: magic, version, length at 8, checksum at the end. */
struct kind {
	uint32_t magic;
	uint16_t version; /* that is written, and the newest that is read */
	size_t fixed;     /* bytes before what varies */
};

static const struct kind state_kind = { STATE_MAGIC, STATE_VERSION, STATE_FIXED };
static const struct kind head_kind = { HEAD_MAGIC, HEAD_VERSION, HEAD_FIXED };
static const struct kind trailer_kind = { TRAILER_MAGIC, TRAILER_VERSION, TRAILER_FIXED };

static void seal(uint8_t *to, const struct kind *k, size_t len)
{
	put32(to, k->magic);
	put16(to + 4, k->version);
	put32(to + 8, (uint32_t)len);
	put64(to + len - CHECKSUM, XXH3_64bits(to, len - CHECKSUM));
}

static int unseal(struct slice *from, const struct kind *k)
{
	size_t len;

	if (from->len < 12 || get32(from->at) != k->magic)
		return E_CORRUPT;
	len = get32(from->at + 8);
	if (len < 12 + CHECKSUM || len > from->len)
		return E_CORRUPT;
	if (get64(from->at + len - CHECKSUM) != XXH3_64bits(from->at, len - CHECKSUM))
		return E_CORRUPT;
	if (get16(from->at + 4) > k->version)
		return E_NEWER;
	if (len < k->fixed + CHECKSUM)
		return E_CORRUPT;
	from->len = len - CHECKSUM;
	return 0;
}

/*
 * State
 *    0  u32 magic         4  u16 version       6  u16 flags (1 running)
 *    8  u32 length       12  u32 marks_len    16  u16 outcomes   18  u16 places
 *   20  u16 causes whose times are noted, 0 in version 1       22  u16 0
 *   24  u64 spool        32  u64 generation   40  u64 boot       48  u64 cursor
 *   56  u64 offered_to   64  u64 end          72  u64 spans_put  80  u64 floor position
 *   88  u64 floor spans  96  u64 numbers of the ledger, then the marks, then u64 XXH3 of all
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
	return to;
}

size_t layout_state_encode(uint8_t *to, const struct spool_state *s, const struct origin *origin)
{
	uint32_t marks_len = (uint32_t)min_u64(s->marks_len, SPOOL_MARKS_BYTES);
	uint8_t *at;
	size_t len;

	put16(to + 6, s->running ? FLAG_RUNNING : 0);
	put32(to + 12, marks_len);
	put16(to + 16, LEDGER_OUTCOMES_N);
	put16(to + 18, LEDGER_PLACES_N);
	put16(to + 20, LEDGER_CAUSES_N);
	put16(to + 22, 0);
	put64(to + 24, origin->spool);
	put64(to + 32, s->generation);
	put64(to + 40, s->boot);
	put64(to + 48, s->cursor);
	put64(to + 56, s->offered_to);
	put64(to + 64, s->end);
	put64(to + 72, s->spans_put);
	put64(to + 80, origin->floor.position);
	put64(to + 88, origin->floor.spans);
	at = put_ledger(to + STATE_FIXED, &s->ledger);
	memcpy(at, s->marks, marks_len);
	len = (size_t)(at - to) + marks_len + CHECKSUM;
	seal(to, &state_kind, len);
	return len;
}

static const uint8_t *get_count(const uint8_t *from, struct ledger_count *c)
{
	c->spans = get64(from);
	c->batches = get64(from + 8);
	return from + 16;
}

/* How many numbers of a kind a writer knew. An older one knew fewer: the rest are 0. */
struct known {
	unsigned outcomes;
	unsigned places;
	unsigned causes;
};

static bool get_known(const uint8_t *from, struct known *k)
{
	*k = (struct known){ get16(from + 16), get16(from + 18), get16(from + 20) };
	return k->outcomes <= LEDGER_OUTCOMES_N && k->places <= LEDGER_PLACES_N &&
	       k->causes <= LEDGER_CAUSES_N;
}

static size_t ledger_bytes(const struct known *k)
{
	return 8 * (size_t)(4 + k->outcomes + 2 + 2 * k->places + 2 + 2 * k->causes);
}

static void get_ledger(const uint8_t *from, const struct known *k, struct ledger *l)
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
}

int layout_state_decode(struct slice from, struct spool_state *s, struct origin *origin)
{
	int rc = unseal(&from, &state_kind);
	struct known known;
	size_t numbers;

	if (rc < 0)
		return rc;
	if (!get_known(from.at, &known))
		return E_CORRUPT;
	numbers = ledger_bytes(&known);
	s->marks_len = get32(from.at + 12);
	if (s->marks_len > SPOOL_MARKS_BYTES || from.len != STATE_FIXED + numbers + s->marks_len)
		return E_CORRUPT;
	s->running = (get16(from.at + 6) & FLAG_RUNNING) != 0;
	origin->spool = get64(from.at + 24);
	s->generation = get64(from.at + 32);
	s->boot = get64(from.at + 40);
	s->cursor = get64(from.at + 48);
	s->offered_to = get64(from.at + 56);
	s->end = get64(from.at + 64);
	s->spans_put = get64(from.at + 72);
	origin->floor.position = get64(from.at + 80);
	origin->floor.spans = get64(from.at + 88);
	get_ledger(from.at + STATE_FIXED, &known, &s->ledger);
	memset(s->marks, 0, sizeof(s->marks));
	memcpy(s->marks, from.at + STATE_FIXED + numbers, s->marks_len);
	return 0;
}

size_t layout_state_size(struct slice from)
{
	if (from.len < 12 || get32(from.at) != STATE_MAGIC)
		return 0;
	return get32(from.at + 8);
}

/*
 * Head (key 0 of a segment)
 *    0  u32 magic         4  u16 version       6  u16 host bytes
 *    8  u32 length       12  u32 0            16  u64 txnid
 *   24  u64 first        32  u64 spans before it
 *   40  u64 end          48  u64 spans before it
 *   56  u64 made_ms      64  u64 first_ms     72  u64 last_ms
 *   80  host, then a state, then u64 XXH3 of all before
 */
size_t layout_head_encode(uint8_t *to, const struct head *h)
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
	len += layout_state_encode(to + len, &h->state, &h->origin) + CHECKSUM;
	seal(to, &head_kind, len);
	return len;
}

bool layout_is_head(struct slice from)
{
	return from.len >= 4 && get32(from.at) == HEAD_MAGIC;
}

int layout_head_decode(struct slice from, struct head *h)
{
	int rc = unseal(&from, &head_kind);
	size_t host;

	if (rc < 0)
		return rc;
	host = get16(from.at + 6);
	if (host > HOST_BYTES || from.len < HEAD_FIXED + host)
		return E_CORRUPT;
	h->txnid = get64(from.at + 16);
	h->first = (struct spot){ get64(from.at + 24), get64(from.at + 32) };
	h->end = (struct spot){ get64(from.at + 40), get64(from.at + 48) };
	h->made_ms = get64(from.at + 56);
	h->first_ms = get64(from.at + 64);
	h->last_ms = get64(from.at + 72);
	memset(h->host, 0, sizeof(h->host));
	memcpy(h->host, from.at + HEAD_FIXED, host);
	from = slice_of(from.at + HEAD_FIXED + host, from.len - HEAD_FIXED - host);
	return layout_state_decode(from, &h->state, &h->origin);
}

/*
 * Trailer of a quarantine file
 *    0  u32 magic   4  u16 version   6  u16 cause bytes   8  u32 length   12  u32 detail bytes
 *   16  cause, then detail, then u64 XXH3 of all before (of the trailer)
 */
size_t layout_trailer_size(const char *cause, const char *detail)
{
	return TRAILER_FIXED + strnlen(cause, TEXT_MOST) + strnlen(detail, TEXT_MOST) + CHECKSUM;
}

size_t layout_trailer_encode(uint8_t *to, const char *cause, const char *detail)
{
	size_t causes = strnlen(cause, TEXT_MOST), details = strnlen(detail, TEXT_MOST);
	size_t len = layout_trailer_size(cause, detail);

	put16(to + 6, (uint16_t)causes);
	put32(to + 12, (uint32_t)details);
	memcpy(to + TRAILER_FIXED, cause, causes);
	memcpy(to + TRAILER_FIXED + causes, detail, details);
	seal(to, &trailer_kind, len);
	return len;
}

int layout_trailer_decode(struct slice from, struct slice *cause, struct slice *detail)
{
	int rc = unseal(&from, &trailer_kind);
	size_t causes, details;

	if (rc < 0)
		return rc;
	causes = get16(from.at + 6);
	details = get32(from.at + 12);
	if (causes > TEXT_MOST || details > TEXT_MOST ||
	        from.len != TRAILER_FIXED + causes + details)
		return E_CORRUPT;
	*cause = slice_of(from.at + TRAILER_FIXED, causes);
	*detail = slice_of(from.at + TRAILER_FIXED + causes, details);
	return 0;
}
