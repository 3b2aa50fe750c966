/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_format.c — the bytes on disk are those of docs/spool-format.md, and stay so. */
#include <config.h>

#include <ctype.h>
#include <xxhash.h>

#include "format.h"
#include "spool_fixture.h"
#include "tap.h"

enum { EXAMPLE = 8192 };

/* The hex digits of the block "```NAME" in the format document. */
static size_t example(const char *name, uint8_t to[EXAMPLE])
{
	char path[512], line[256], fence[32];
	const char *dir = getenv("srcdir");
	bool in = false;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/docs/spool-format.md", dir != NULL ? dir : "..");
	snprintf(fence, sizeof(fence), "```%s\n", name);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (!in) {
			in = strcmp(line, fence) == 0;
			continue;
		}
		if (line[0] == '`')
			break;
		for (const char *at = line; isxdigit((unsigned char)at[0]) && n < EXAMPLE;) {
			unsigned byte;

			if (sscanf(at, "%2x", &byte) != 1)
				break;
			to[n++] = (uint8_t)byte;
			at += 2;
			at += *at == ' ';
		}
	}
	fclose(f);
	return n;
}

/* With SPOOL_LAYOUT_PRINT=1 the examples are printed for the document. */
static void is_example(const char *name, const uint8_t *bytes, size_t len)
{
	uint8_t want[EXAMPLE];
	size_t n = example(name, want);

	ok(n == len && memcmp(bytes, want, len) == 0, "the document's example of a %s, %zu bytes", name, len);
	if (getenv("SPOOL_LAYOUT_PRINT") != NULL) {
		printf("# %s\n", name);
		for (size_t i = 0; i < len; i++)
			printf("%02x%s", bytes[i], i % 32 == 31 || i + 1 == len ? "\n" : i % 4 == 3 ? " " : "");
	}
}

static const struct record a_record = {
	.position = 5,
	.boot = UINT64_C(1700000000000001),
	.sequence = 7,
	.received_ms = UINT64_C(1700000000123),
	.spans_before = 11,
	.spans = 3,
	.size = 5,
	.maybe_dup = true,
};

/* Bytes 0, 1, 2 … for a key. */
static struct key a_key(void)
{
	uint8_t bytes[KEY_BYTES];
	struct key key;

	for (int i = 0; i < KEY_BYTES; i++)
		bytes[i] = (uint8_t)i;
	format_key_load(&key, bytes);
	return key;
}

static struct key another_key(void)
{
	struct key key;

	if (format_key_make(&key) < 0)
		exit(99);
	return key;
}

static struct spool_id an_id(uint64_t floor)
{
	return (struct spool_id){ .spool = 77, .key = a_key(), .low_water = { floor, 0 }, .bytes = 4096 };
}

static struct spool_state a_state(void)
{
	struct spool_state s = {
		.generation = 9,
		.boot = UINT64_C(1700000000000001),
		.cursor = 3,
		.offered_to = 4,
		.end = 6,
		.spans_put = 14,
		.running = true,
		.positions_len = 5,
		.positions = "marks",
	};
	uint64_t *numbers = (uint64_t *)&s.ledger;

	for (size_t i = 0; i < sizeof(s.ledger) / sizeof(*numbers); i++)
		numbers[i] = i + 1;
	return s;
}

static void a_record_is_its_example(void)
{
	uint8_t bytes[RECORD_HEADER + 5];
	struct key key = a_key();
	struct record r = { 0 };

	format_record_encode(bytes, &key, &a_record, slice_text("hello"));
	memcpy(bytes + RECORD_HEADER, "hello", 5);
	is_example("record", bytes, sizeof(bytes));
	is_int(format_record_decode(bytes, &key, &r), 0, "it can be read");
	ok(r.position == 5 && r.boot == a_record.boot && r.sequence == 7 && r.spans == 3 && r.size == 5 &&
	                r.received_ms == a_record.received_ms && r.spans_before == 11 && r.maybe_dup,
	        "and says the same");
	ok(format_record_verify(bytes, &key, slice_of(bytes + RECORD_HEADER, 5)), "its checksum holds");
}

static void every_bit_of_a_record_is_covered(void)
{
	uint8_t bytes[RECORD_HEADER + 5];
	struct key key = a_key();
	unsigned passed = 0;

	format_record_encode(bytes, &key, &a_record, slice_text("hello"));
	memcpy(bytes + RECORD_HEADER, "hello", 5);
	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		struct record r;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		passed += format_record_decode(bytes, &key, &r) == 0 && r.size == 5 &&
		          format_record_verify(bytes, &key, slice_of(bytes + RECORD_HEADER, 5));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_int(passed, 0, "no flipped bit passes");
}

static void a_state_is_its_example(void)
{
	struct spool_state s = a_state(), got;
	struct spool_id id = an_id(1);
	const struct key key = a_key();
	uint8_t bytes[STATE_BYTES];
	size_t len = format_state_encode(bytes, &s, &id);
	unsigned passed = 0;

	is_example("state", bytes, len);
	is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), 0, "it can be read");
	ok(memcmp(&got.ledger, &s.ledger, sizeof(s.ledger)) == 0 && got.generation == 9 && got.running &&
	                got.positions_len == 5 && memcmp(got.positions, s.positions, sizeof(s.positions)) == 0 &&
	                id.low_water.position == 1 && id.spool == 77,
	        "and says the same");
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		passed += format_state_decode(slice_of(bytes, len), &key, &got, &id) == 0;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_int(passed, 0, "no flipped bit passes");
	for (size_t cut = 0; cut < len; cut++)
		passed += format_state_decode(slice_of(bytes, cut), &key, &got, &id) == 0;
	is_int(passed, 0, "nor a short one");
}

static void the_largest_state_fits(void)
{
	struct spool_state s = a_state(), got;
	uint8_t bytes[SLOT_BYTES];
	struct spool_id id = an_id(0);
	size_t len;

	s.positions_len = SPOOL_POSITIONS_BYTES;
	memset(s.positions, 0xee, sizeof(s.positions));
	len = format_state_encode(bytes, &s, &id);
	ok(len <= sizeof(bytes) && len == STATE_BYTES, "%zu bytes", len);
	ok(format_state_decode(slice_of(bytes, sizeof(bytes)), NULL, &got, &id) == 0 &&
	                memcmp(got.positions, s.positions, sizeof(s.positions)) == 0,
	        "marks and all");
}

static void a_head_is_its_example(void)
{
	struct head h = {
		.txnid = 2,
		.first = { 5, 11 },
		.end = { 6, 14 },
		.made_ms = UINT64_C(1700000000000),
		.first_ms = UINT64_C(1700000000123),
		.last_ms = UINT64_C(1700000000123),
		.host = "web-1",
		.state = a_state(),
		.id = an_id(1),
	};
	uint8_t bytes[HEAD_BYTES];
	struct head got;
	size_t len = format_head_encode(bytes, &h);

	is_example("head", bytes, len);
	is_int(format_head_decode(slice_of(bytes, len), &h.id.key, &got), 0, "it can be read");
	ok(strcmp(got.host, "web-1") == 0 && got.txnid == 2 && got.first.position == 5 && got.end.spans == 14 &&
	                got.state.cursor == 3 && got.last_ms == h.last_ms,
	        "and says the same");
}

static void a_trailer_is_its_example(void)
{
	uint8_t bytes[128];
	struct key key = a_key();
	size_t len = format_trailer_encode(bytes, &key, "poison", "not a Batch");

	is_int(len, format_trailer_size("poison", "not a Batch"), "as long as was said");
	is_example("trailer", bytes, len);
}

/* Both examples were written without a key. */
static void states_of_versions_1_and_2_are_told_from_damage(void)
{
	static const char *const names[] = { "state-1", "state-2" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct spool_state got;
		struct spool_id id;
		uint8_t bytes[EXAMPLE];
		size_t len = example(names[i], bytes);
		struct key key = a_key();

		ok(len > 0 && bytes[4] == i + 1, "the document has one");
		is_int(format_state_decode(slice_of(bytes, len), NULL, &got, &id), E_OLDER, "it is an older one");
		is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), E_OLDER, "whatever the key");
		bytes[40] ^= 1;
		is_int(format_state_decode(slice_of(bytes, len), NULL, &got, &id), E_CORRUPT,
		        "with a flipped bit it is damage");
	}
}

/* The example is version 4's without the last two numbers. */
static void a_state_of_version_3_has_nothing_unconfirmed(void)
{
	struct spool_state want = a_state(), got;
	struct key key = a_key();
	struct spool_id id;
	uint8_t bytes[EXAMPLE];
	size_t len = example("state-3", bytes);

	want.ledger.unconfirmed = (struct ledger_count){ 0 };
	ok(len > 0 && bytes[4] == 3, "the document has one");
	is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), 0, "it can be read");
	ok(memcmp(&got.ledger, &want.ledger, sizeof(want.ledger)) == 0 && got.generation == 9 &&
	                got.positions_len == 5 && memcmp(got.positions, want.positions, 5) == 0 && id.spool == 77,
	        "and says the same");
	bytes[40] ^= 1;
	is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), E_CORRUPT,
	        "with a flipped bit it is damage");
}

static void an_older_version_is_refused_with_a_sentence(void)
{
	uint8_t bytes[EXAMPLE] = { 0 };
	char path[TEMPDIR_PATH + 16];
	struct spool_fixture k;
	FILE *f;

	example("state-2", bytes);
	spool_fixture_init(&k);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	f = fopen(path, "w");
	fwrite(bytes, 1, SLOT_BYTES, f);
	fclose(f);
	is_int(spool_fixture_open(&k), E_OLDER, "its state is refused");
	ok(strstr(k.why.text, "state was written before format 3") != NULL &&
	                strstr(k.why.text, "let the version that wrote it deliver") != NULL,
	        "%s", k.why.text);
	spool_fixture_free(&k);
}

/* Who does not have the key cannot make any of these. */
static void what_another_key_sealed_is_foreign(void)
{
	struct key key = another_key(), again;
	struct spool_id id = an_id(1);
	struct spool_state s = a_state(), got;
	struct head h = { .first = { 5, 11 }, .end = { 6, 14 }, .state = s, .id = id }, head;
	uint8_t bytes[HEAD_BYTES];
	struct record r;
	size_t len = format_state_encode(bytes, &s, &id);

	is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), E_FOREIGN,
	        "a state of another spool is told from damage");
	is_int(format_state_decode(slice_of(bytes, len), NULL, &got, &id), 0,
	        "where only the spool can have written it its own key will do");
	ok(id.spool == 77 && id.bytes == 4096, "which is said with it");
	bytes[len - 9] ^= 1;
	is_int(format_state_decode(slice_of(bytes, len), &key, &got, &id), E_CORRUPT, "a damaged one is damage");
	len = format_head_encode(bytes, &h);
	is_int(format_head_decode(slice_of(bytes, len), &key, &head), E_FOREIGN, "so with a head");
	format_record_encode(bytes, &id.key, &a_record, slice_text("hello"));
	is_int(format_record_decode(bytes, &key, &r), E_CORRUPT, "a record is not believed");
	is_int(format_record_decode(bytes, NULL, &r), 0, "unless nobody asks");
	again = another_key();
	ok(memcmp(&key, &again, sizeof(key)) != 0, "no two keys are alike");
}

static void a_trailer_can_be_read(void)
{
	uint8_t bytes[128];
	struct key key = a_key();
	size_t len = format_trailer_encode(bytes, &key, "poison", "not a Batch");
	struct slice cause, detail;
	unsigned passed = 0;

	is_int(format_trailer_decode(slice_of(bytes, len), &key, &cause, &detail), 0, "it can be read");
	ok(slice_is(cause, "poison") && slice_is(detail, "not a Batch"), "and says the same");
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		passed += format_trailer_decode(slice_of(bytes, len), &key, &cause, &detail) == 0;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		passed += format_trailer_decode(slice_of(bytes, cut), &key, &cause, &detail) == 0;
	is_int(passed, 0, "no flipped bit passes, nor a short one");
}

/* What a later version of this program might have left, its checksum right. */
static size_t of_a_later_version(uint8_t bytes[SLOT_BYTES])
{
	struct spool_state s = a_state();
	struct spool_id id = an_id(0);
	size_t len = format_state_encode(bytes, &s, &id);
	uint64_t sum;

	bytes[4] = STATE_VERSION + 1;
	sum = XXH3_64bits_withSecret(bytes, len - 8, id.key.secret, KEY_SECRET);
	for (int i = 0; i < 8; i++)
		bytes[len - 8 + (size_t)i] = (uint8_t)(sum >> (8 * i));
	return len;
}

static void a_newer_version_is_refused_with_a_sentence(void)
{
	char path[TEMPDIR_PATH + 16];
	uint8_t bytes[SLOT_BYTES] = { 0 };
	struct spool_fixture k;
	FILE *f;

	of_a_later_version(bytes);
	spool_fixture_init(&k);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	f = fopen(path, "w");
	fwrite(bytes, 1, sizeof(bytes), f);
	fclose(f);
	is_int(spool_fixture_open(&k), E_NEWER, "its state is refused");
	ok(strstr(k.why.text, "newer version") != NULL && strstr(k.why.text, "state") != NULL, "%s", k.why.text);
	spool_fixture_free(&k);
}

int main(void)
{
	a_record_is_its_example();
	every_bit_of_a_record_is_covered();
	a_state_is_its_example();
	the_largest_state_fits();
	a_head_is_its_example();
	a_trailer_is_its_example();
	states_of_versions_1_and_2_are_told_from_damage();
	a_state_of_version_3_has_nothing_unconfirmed();
	an_older_version_is_refused_with_a_sentence();
	what_another_key_sealed_is_foreign();
	a_trailer_can_be_read();
	a_newer_version_is_refused_with_a_sentence();
	return tap_done();
}
