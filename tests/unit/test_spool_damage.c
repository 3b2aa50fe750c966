/* test_spool_damage.c — whatever is wrong with the files: the spool opens, says what is lost, and gives
 * all that is whole; the ledger balances to the span. */
#include <config.h>

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "spool_kit.h"
#include "tap.h"

enum { PAGE = 4096 };

static void opens(struct kit *k)
{
	if (kit_open(k) < 0) {
		ok(false, "opens: %s", k->why.text);
		exit(1);
	}
}

static uint64_t spans_of(uint64_t first, uint64_t end)
{
	uint64_t spans = 0;

	for (uint64_t n = first; n < end; n++)
		spans += kit_spans(n);
	return spans;
}

/* A spool of N turns of 100 batches of 3500 bytes, cleanly closed: five turns to a segment. */
static void fill(struct kit *k, int turns)
{
	kit_init(k);
	k->size = 3500;
	opens(k);
	for (int i = 0; i < turns; i++)
		kit_put(k, 100);
	kit_close(k);
}

static int open_data(const struct kit *k, unsigned segment)
{
	char path[TEMPDIR_PATH + 64], file[TEMPDIR_PATH + 80];
	int fd;

	snprintf(file, sizeof(file), "%s/data.mdb", kit_path(k, "seg-", segment, path));
	fd = open(file, O_RDWR);
	if (fd < 0) {
		perror(file);
		exit(1);
	}
	return fd;
}

static void flip(int fd, off_t at, uint8_t bits)
{
	uint8_t b;

	if (pread(fd, &b, 1, at) != 1)
		exit(1);
	b ^= bits;
	if (pwrite(fd, &b, 1, at) != 1)
		exit(1);
}

/* Reads all there is, and asks that what came and what was reported lost is all that was put. */
static void all_or_reported(struct kit *k, const char *name)
{
	uint64_t end = k->state.end, got;
	struct ledger_count *spool = &k->state.ledger.place[LEDGER_IN_SPOOL];

	got = kit_read(k, k->state.cursor, end);
	ok(k->wrong == 0 && got + k->lost.batches == end - k->state.cursor &&
	                k->read_spans + k->lost.spans == spans_of(k->state.cursor, end) &&
	                spool->spans == k->read_spans && spool->batches == got &&
	                ledger_check(&k->state.ledger) == NULL,
	        "%s: %" PRIu64 " read, %" PRIu64 " reported lost with their %" PRIu64 " spans",
	        name, got, k->lost.batches, k->lost.spans);
}

static void a_record_with_a_wrong_byte_is_reported_and_passed_over(void)
{
	struct kit k;
	int fd;

	fill(&k, 12);
	fd = open_data(&k, 0);
	/* Page 2 holds the first record, or the first leaf; from page 10 on there are records. */
	flip(fd, 40 * PAGE + 1000, 0x10);
	flip(fd, 41 * PAGE + 3000, 0x01);
	flip(fd, 50 * PAGE + 70, 0x80);
	close(fd);
	opens(&k);
	all_or_reported(&k, "three records");
	is_int(k.lost.batches, 3, "three are lost");
	is_int(k.damages, 2, "two side by side are one report");
	ok(strstr(k.what, "seg-0000000000000001") != NULL, "%s", k.what);
	is_int(kit_names(&k, "seg-0000000000000001.bad"), 1, "the segment is marked");
	kit_resolve(&k, k.state.end);
	is_int(kit_names(&k, "quarantine/seg-"), 1, "and set aside when the rest is delivered");
	is_int(kit_names(&k, "seg-0000000000000001"), 0, "not deleted, not left");
	kit_free(&k);
}

static void a_missing_segment_is_counted_from_its_neighbours(void)
{
	char path[TEMPDIR_PATH + 64];
	struct kit k;

	fill(&k, 20);
	tempdir_remove(kit_path(&k, "seg-", 1, path));
	opens(&k);
	is_text(k.found.note, "", "the start does not look at old segments");
	all_or_reported(&k, "a segment in the middle");
	ok(k.lost.batches > 300 && strstr(k.what, "missing") != NULL, "%s", k.what);
	is_int(kit_names(&k, "quarantine/"), 0, "its neighbour is not blamed");
	kit_free(&k);

	fill(&k, 20);
	tempdir_remove(kit_path(&k, "seg-", 0, path));
	opens(&k);
	all_or_reported(&k, "the oldest segment");
	kit_free(&k);

	fill(&k, 20);
	tempdir_remove(kit_path(&k, "seg-", kit_names(&k, "seg-") - 1, path));
	opens(&k);
	all_or_reported(&k, "the newest segment");
	is_int(kit_put(&k, 10), 10, "and more can be put");
	is_int(k.turn.first, 2001, "at positions that were never used");
	kit_free(&k);
}

static void an_unreadable_segment_goes_to_quarantine(void)
{
	struct stat st;
	uint8_t zero[PAGE] = { 0 };
	struct kit k;
	int fd;

	fill(&k, 20);
	fd = open_data(&k, 2);
	fstat(fd, &st);
	for (off_t at = 0; at < st.st_size; at += PAGE)
		if (pwrite(fd, zero, PAGE, at) != PAGE)
			exit(1);
	close(fd);
	opens(&k);
	all_or_reported(&k, "a zeroed segment");
	ok(kit_names(&k, "quarantine/seg-") == 1, "%s", k.what);
	kit_free(&k);
}

/* Metas, roots, branches: what LMDB believes without asking. */
static void a_broken_tree_loses_nothing(void)
{
	static const struct {
		off_t at;
		uint8_t bits;
		const char *what;
	} cases[] = {
		{ 144, 0x04, "a txnid that went back" },
		{ 144, 0x40, "a txnid that went up" },
		{ PAGE + 144, 0x02, "the other txnid" },
		{ 16, 0x01, "a magic" },
		{ PAGE + 16, 0x01, "the other magic" },
		{ 128, 0x03, "a root" },
		{ PAGE + 128, 0x03, "the other root" },
		{ 94, 0x01, "a depth" },
		{ PAGE + 94, 0x03, "the other depth" },
		{ 136, 0xff, "a last page" },
		{ PAGE + 136 + 1, 0xff, "the other last page" },
		{ 40, 0x10, "a page size" },
		{ PAGE + 10, 0x08, "page flags" },
	};
	struct kit k;

	for (unsigned segment = 0; segment < 2; segment++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			char name[80];
			int fd;

			fill(&k, 8); /* two segments */
			fd = open_data(&k, segment);
			flip(fd, cases[i].at, cases[i].bits);
			close(fd);
			opens(&k);
			snprintf(name, sizeof(name), "%s of %s", cases[i].what,
			        segment == 0 ? "the old" : "the new");
			all_or_reported(&k, name);
			ok(k.lost.batches == 0, "and nothing is lost");
			ok(segment == 0 || i >= 5 || k.found.note[0] != '\0', "note: %s",
			        k.found.note);
			kit_free(&k);
		}
	}
}

static void a_cut_segment_gives_what_is_left(void)
{
	struct stat st;
	struct kit k;
	int fd;

	for (unsigned segment = 0; segment < 2; segment++) {
		fill(&k, 8);
		fd = open_data(&k, segment);
		fstat(fd, &st);
		if (ftruncate(fd, st.st_size / 2 + 100) < 0)
			exit(1);
		close(fd);
		opens(&k);
		all_or_reported(
		        &k, segment == 0 ? "the old one cut in half" : "the new one cut in half");
		ok(k.read_records > 500 && k.lost.batches > 100, "half of it is there");
		kit_free(&k);
	}
}

static void a_state_file_may_be_torn_or_gone(void)
{
	char path[TEMPDIR_PATH + 16];
	struct kit k;
	int fd;

	for (int slot = 0; slot < 4; slot++) {
		fill(&k, 3);
		snprintf(path, sizeof(path), "%s/state", k.dir);
		fd = open(path, O_RDWR);
		flip(fd, slot * PAGE + 30, 0x55);
		close(fd);
		opens(&k);
		is_int(k.state.end, 301, "one torn slot costs nothing");
		ok(k.state.ledger.place[LEDGER_IN_SPOOL].batches == 300 && k.found.salvaged == 0,
		        "slot %d: the ledger is whole", slot);
		all_or_reported(&k, "torn slot");
		kit_free(&k);
	}
	fill(&k, 3);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	unlink(path);
	opens(&k);
	all_or_reported(&k, "no state file");
	ok(k.found.unclean && k.found.state.offered_to == 301, "all of it may have been sent");
	kit_free(&k);

	fill(&k, 3);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	if (truncate(path, 5000) < 0)
		exit(1);
	opens(&k);
	all_or_reported(&k, "a short state file");
	kit_free(&k);
}

/* State file gone, and the newest segment without a head that can be read. */
static void without_any_state_everything_on_disk_counts_again(void)
{
	char path[TEMPDIR_PATH + 64];
	struct kit k;

	kit_init(&k);
	k.size = 3500;
	opens(&k);
	for (int i = 0; i < 3; i++)
		kit_put(&k, 100);
	kit_close(&k);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	unlink(path);
	{
		int fd = open_data(&k, 0);
		struct stat st;

		/* Every page that holds a head loses its magic. */
		fstat(fd, &st);
		for (off_t at = 0; at + 8 < st.st_size; at += 2) {
			char magic[4];

			if (pread(fd, magic, 4, at) == 4 && memcmp(magic, "SSPH", 4) == 0)
				flip(fd, at, 0x20);
		}
		close(fd);
	}
	opens(&k);
	is_int(k.found.salvaged, spans_of(1, 301), "all spans are salvaged");
	is_int(k.state.ledger.accepted.batches, 300, "and counted as accepted");
	all_or_reported(&k, "no state at all");
	kit_free(&k);
}

static void a_newer_version_is_refused_with_a_sentence(void)
{
	struct kit k;
	char path[TEMPDIR_PATH + 16];
	int fd;

	fill(&k, 1);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	fd = open(path, O_RDWR);
	for (int slot = 0; slot < 4; slot++)
		flip(fd, slot * PAGE + 4, 0x02);
	close(fd);
	opens(&k);
	is_int(k.state.end, 101, "a version whose checksum does not hold is a torn slot");
	kit_free(&k);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 17;
}

/* One to three bits of one file; half of them where the structure is: near the start of a page. */
static void damage(const struct kit *k, uint64_t *seed)
{
	char path[TEMPDIR_PATH + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/state", k->dir);
	fd = next_random(seed) % 8 == 0
	             ? open(path, O_RDWR)
	             : open_data(k, (unsigned)(next_random(seed) % kit_names(k, "seg-")));
	fstat(fd, &st);
	for (uint64_t n = next_random(seed) % 3; n < 3; n++) {
		off_t at = (off_t)(next_random(seed) % (uint64_t)st.st_size);

		if (next_random(seed) % 2 == 0)
			at = at / PAGE * PAGE + (off_t)(next_random(seed) % 64);
		flip(fd, at, (uint8_t)(1u << next_random(seed) % 8));
	}
	close(fd);
}

/* Copies the spool of K, which is closed, to a directory of COPY's own. */
static void copy(const struct kit *k, struct kit *copy)
{
	char command[2 * TEMPDIR_PATH + 32];

	*copy = *k;
	tempdir_make(copy->dir);
	copy->opts.directory = copy->dir;
	snprintf(command, sizeof(command), "cp -a %s/. %s/", k->dir, copy->dir);
	if (system(command) != 0)
		exit(1);
}

static bool survives(const struct kit *whole, uint64_t *seed, uint64_t *lost)
{
	struct kit k;
	uint64_t got;
	bool good;

	copy(whole, &k);
	damage(&k, seed);
	opens(&k);
	got = kit_read(&k, k.state.cursor, k.state.end);
	good = k.wrong == 0 && got + k.lost.batches == k.sequence && k.lost.batches <= 3 &&
	       k.read_spans + k.lost.spans == spans_of(1, k.sequence + 1) &&
	       ledger_check(&k.state.ledger) == NULL;
	if (!good)
		diag("got %" PRIu64 " lost %" PRIu64 " (%" PRIu64 " + %" PRIu64
		     " spans) wrong %" PRIu64,
		        got, k.lost.batches, k.read_spans, k.lost.spans, k.wrong);
	*lost += k.lost.batches;
	kit_free(&k);
	return good;
}

/* SPOOL_DAMAGE_ROUNDS and SPOOL_DAMAGE_SEED make it longer and another one. */
static void any_bit_may_be_wrong(void)
{
	const char *rounds_text = getenv("SPOOL_DAMAGE_ROUNDS"),
	           *seed_text = getenv("SPOOL_DAMAGE_SEED");
	unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 200;
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 12345;

	for (size_t size = 700; size <= 3500; size += 2800) {
		uint64_t lost = 0;
		unsigned bad = 0;
		struct kit whole;

		kit_init(&whole);
		whole.size = size;
		opens(&whole);
		for (int n = 0; n < 10; n++)
			kit_put(&whole, 80);
		kit_close(&whole);
		for (unsigned i = 0; i < rounds / 2; i++) {
			uint64_t was = seed;

			if (!survives(&whole, &seed, &lost)) {
				diag("with the seed %" PRIu64, was);
				bad++;
			}
		}
		ok(bad == 0,
		        "of batches of %zu bytes, all that are intact are delivered, the rest "
		        "reported",
		        size);
		diag("%u rounds, %" PRIu64 " records lost", rounds / 2, lost);
		kit_free(&whole);
	}
}

int main(void)
{
	tempdir_prefer_memory();
	a_record_with_a_wrong_byte_is_reported_and_passed_over();
	a_missing_segment_is_counted_from_its_neighbours();
	an_unreadable_segment_goes_to_quarantine();
	a_broken_tree_loses_nothing();
	a_cut_segment_gives_what_is_left();
	a_state_file_may_be_torn_or_gone();
	without_any_state_everything_on_disk_counts_again();
	a_newer_version_is_refused_with_a_sentence();
	any_bit_may_be_wrong();
	return tap_done();
}
