/* layout.c — the bytes on disk: record, state, segment head, quarantine trailer. Memory in, memory
 * out. Each thing begins with a magic and a version and ends in (or holds) an XXH3 checksum with the
 * spool's key, and each that may grow says its own length, so that a later version still finds the
 * checksum. */
#include <endian.h>
#include <sys/random.h>
#define XXH_STATIC_LINKING_ONLY /* XXH3_generateSecret */
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
	RECORD_HEADER_SUM = RECORD_HEADER - 2 * CHECKSUM,
	RECORD_BATCH_SUM = RECORD_HEADER - CHECKSUM,
	STATE_KEY_AT = 96,
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

int layout_key_make(struct key *key)
{
	uint8_t bytes[KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return E_IO;
	layout_key_load(key, bytes);
	return 0;
}

void layout_key_load(struct key *key, const uint8_t from[KEY_BYTES])
{
	memmove(key->bytes, from, KEY_BYTES);
	XXH3_generateSecret(key->secret, KEY_SECRET, key->bytes, KEY_BYTES);
}

static uint64_t checksum(const struct key *key, const uint8_t *bytes, size_t len)
{
	return XXH3_64bits_withSecret(bytes, len, key->secret, KEY_SECRET);
}

/*
 * Record
 *    0  u32 magic          4  u8 version   5  u8 flags   6  u16 header bytes
 *    8  u32 spans         12  u32 size
 *   16  u64 position      24  u64 boot    32  u64 sequence
 *   40  u64 received_ms   48  u64 spans_before
 *   56  u64 checksum of bytes 0 … 55
 *   64  u64 checksum of the batch's bytes, XOR the one before
 */
static uint64_t batch_sum(const uint8_t *header, const struct key *key, struct slice value)
{
	return checksum(key, value.at, value.len) ^ get64(header + RECORD_HEADER_SUM);
}

void layout_record_encode(uint8_t to[RECORD_HEADER], const struct key *key, const struct record *r,
        struct slice value)
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
	put64(to + RECORD_HEADER_SUM, checksum(key, to, RECORD_HEADER_SUM));
	put64(to + RECORD_BATCH_SUM, batch_sum(to, key, value));
}

int layout_record_decode(const uint8_t from[RECORD_HEADER], const struct key *key, struct record *r)
{
	if (get32(from) != RECORD_MAGIC || from[4] != RECORD_VERSION ||
	        get16(from + 6) != RECORD_HEADER)
		return E_CORRUPT;
	if (key != NULL &&
	        get64(from + RECORD_HEADER_SUM) != checksum(key, from, RECORD_HEADER_SUM))
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

bool layout_record_verify(
        const uint8_t header[RECORD_HEADER], const struct key *key, struct slice value)
{
	return key == NULL || get64(header + RECORD_BATCH_SUM) == batch_sum(header, key, value);
}

/* State, head and trailer share a frame: magic, version, length at 8, checksum at the end. */
struct kind {
	uint32_t magic;
	uint16_t version; /* that is written, and the only one that is read */
	size_t fixed;     /* bytes before what varies */
	/* Where the key stands in the frame; NULL: it does not. */
	const uint8_t *(*key_in)(struct slice frame);
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

static const struct kind state_kind = { STATE_MAGIC, STATE_VERSION, STATE_FIXED, key_in_state };
static const struct kind head_kind = { HEAD_MAGIC, HEAD_VERSION, HEAD_FIXED, key_in_head };
static const struct kind trailer_kind = { TRAILER_MAGIC, TRAILER_VERSION, TRAILER_FIXED, NULL };

static void seal(uint8_t *to, const struct kind *k, const struct key *key, size_t len)
{
	put32(to, k->magic);
	put16(to + 4, k->version);
	put32(to + 8, (uint32_t)len);
	put64(to + len - CHECKSUM, checksum(key, to, len - CHECKSUM));
}

static bool holds(struct slice frame, const struct key *key)
{
	return get64(frame.at + frame.len - CHECKSUM) ==
	       checksum(key, frame.at, frame.len - CHECKSUM);
}

/* Versions before the key were sealed without one. */
static bool is_older(struct slice frame, const struct kind *k)
{
	return get16(frame.at + 4) < k->version &&
	       get64(frame.at + frame.len - CHECKSUM) ==
	               XXH3_64bits(frame.at, frame.len - CHECKSUM);
}

/* 0: the checksum of FRAME holds, by KEY; where that is NULL, by the key in it. */
static int verify(struct slice frame, const struct kind *k, const struct key *key)
{
	const uint8_t *bytes;
	struct key own;

	if (is_older(frame, k))
		return E_OLDER;
	if (key != NULL && holds(frame, key))
		return 0;
	bytes = k->key_in == NULL ? NULL : k->key_in(frame);
	if (bytes == NULL)
		return key == NULL && k->key_in == NULL ? 0 : E_CORRUPT;
	layout_key_load(&own, bytes);
	if (!holds(frame, &own))
		return E_CORRUPT;
	return key == NULL ? 0 : E_FOREIGN;
}

static int unseal(struct slice *from, const struct kind *k, const struct key *key)
{
	size_t len;
	int rc;

	if (from->len < 12 || get32(from->at) != k->magic)
		return E_CORRUPT;
	len = get32(from->at + 8);
	if (len < 12 + CHECKSUM || len > from->len)
		return E_CORRUPT;
	from->len = len;
	rc = verify(*from, k, key);
	if (rc == 0 && get16(from->at + 4) > k->version)
		rc = E_NEWER;
	if (rc == 0 && (get16(from->at + 4) < k->version || len < k->fixed + CHECKSUM))
		rc = E_CORRUPT;
	from->len = len - CHECKSUM;
	return rc;
}

/*
 * State
 *    0  u32 magic         4  u16 version       6  u16 flags (1 running)
 *    8  u32 length       12  u32 marks_len    16  u16 outcomes   18  u16 places
 *   20  u16 causes whose times are noted      22  u16 0
 *   24  u64 spool        32  u64 generation   40  u64 boot       48  u64 cursor
 *   56  u64 offered_to   64  u64 end          72  u64 spans_put  80  u64 floor position
 *   88  u64 floor spans  96  the key         128  u64 bytes of the segments
 *  136  u64 numbers of the ledger, then the marks, then u64 checksum of all
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
	memcpy(to + STATE_KEY_AT, origin->key.bytes, KEY_BYTES);
	put64(to + STATE_KEY_AT + KEY_BYTES, origin->bytes);
	at = put_ledger(to + STATE_FIXED, &s->ledger);
	memcpy(at, s->marks, marks_len);
	len = (size_t)(at - to) + marks_len + CHECKSUM;
	seal(to, &state_kind, &origin->key, len);
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

int layout_state_decode(
        struct slice from, const struct key *key, struct spool_state *s, struct origin *origin)
{
	int rc = unseal(&from, &state_kind, key);
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
	if (s->cursor == 0 || s->cursor > s->end)
		return E_CORRUPT;
	origin->floor.position = get64(from.at + 80);
	origin->floor.spans = get64(from.at + 88);
	layout_key_load(&origin->key, from.at + STATE_KEY_AT);
	origin->bytes = get64(from.at + STATE_KEY_AT + KEY_BYTES);
	get_ledger(from.at + STATE_FIXED, &known, &s->ledger);
	memset(s->marks, 0, sizeof(s->marks));
	memcpy(s->marks, from.at + STATE_FIXED + numbers, s->marks_len);
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
	seal(to, &head_kind, &h->origin.key, len);
	return len;
}

bool layout_is_head(struct slice from)
{
	return from.len >= 4 && get32(from.at) == HEAD_MAGIC;
}

int layout_head_decode(struct slice from, const struct key *key, struct head *h)
{
	int rc = unseal(&from, &head_kind, key);
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
	return layout_state_decode(from, key, &h->state, &h->origin);
}

/*
 * Trailer of a quarantine file
 *    0  u32 magic   4  u16 version   6  u16 cause bytes   8  u32 length   12  u32 detail bytes
 *   16  cause, then detail, then u64 checksum of all before (of the trailer)
 */
size_t layout_trailer_size(const char *cause, const char *detail)
{
	return TRAILER_FIXED + strnlen(cause, TEXT_MOST) + strnlen(detail, TEXT_MOST) + CHECKSUM;
}

size_t layout_trailer_encode(
        uint8_t *to, const struct key *key, const char *cause, const char *detail)
{
	size_t causes = strnlen(cause, TEXT_MOST), details = strnlen(detail, TEXT_MOST);
	size_t len = layout_trailer_size(cause, detail);

	put16(to + 6, (uint16_t)causes);
	put32(to + 12, (uint32_t)details);
	memcpy(to + TRAILER_FIXED, cause, causes);
	memcpy(to + TRAILER_FIXED + causes, detail, details);
	seal(to, &trailer_kind, key, len);
	return len;
}

int layout_trailer_decode(
        struct slice from, const struct key *key, struct slice *cause, struct slice *detail)
{
	int rc = unseal(&from, &trailer_kind, key);
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
