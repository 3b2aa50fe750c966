/* SPDX-License-Identifier: Apache-2.0 */
/* damage.c — flips, cuts, moves and removes, and looks by itself at what is left: by the format's
 * prose, with none of the spool's own code. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "damage.h"

enum { PAGE = 4096, HEADER = 72, OVERFLOW = 4, SIZE_AT = 12, POSITION_AT = 16 };

/* A file: mostly a segment's, sometimes the state, else any. */
static struct image_item *pick_file(struct image *m, uint64_t *seed)
{
	const char *want[] = { "data.mdb", "data.mdb", "data.mdb", "state", "" };
	const char *name = want[campaign_roll(seed, ARRAY_LEN(want))];
	struct image_item *chosen = NULL;
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->item[i].is_dir || strstr(m->item[i].path, name) == NULL || m->item[i].len == 0)
			continue;
		if (campaign_roll(seed, ++n) == 0)
			chosen = &m->item[i];
	}
	return chosen;
}

static uint8_t *pick_page(struct image_item *f, uint64_t *seed, size_t *len)
{
	size_t pages = (f->len + PAGE - 1) / PAGE, at = campaign_roll(seed, pages) * PAGE;

	*len = min_u64(PAGE, f->len - at);
	return f->bytes + at;
}

static void flip(struct image_item *f, uint64_t *seed)
{
	for (uint64_t n = campaign_roll(seed, 3); n < 3; n++) {
		size_t at = campaign_roll(seed, f->len);

		/* Half of them where the structure is: near the start of a page. */
		if (campaign_roll(seed, 2) == 0)
			at = min_u64(at / PAGE * PAGE + campaign_roll(seed, 160), f->len - 1);
		f->bytes[at] ^= (uint8_t)(1u << campaign_roll(seed, 8));
	}
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

/* One page of F and another, of the same file or of one of FROM. */
static void mix_pages(struct image_item *f, struct image *from, bool both, uint64_t *seed)
{
	struct image_item *g = from == NULL ? f : pick_file(from, seed);
	size_t na, nb;
	uint8_t *a, *b;

	if (g == NULL)
		return;
	a = pick_page(f, seed, &na);
	b = pick_page(g, seed, &nb);
	na = min_u64(na, nb);
	if (both)
		swap(a, b, na);
	else
		memmove(a, b, na);
}

static void cut(struct image_item *f, uint64_t *seed)
{
	size_t len = campaign_roll(seed, f->len);

	image_resize(f, campaign_roll(seed, 2) == 0 ? len : len / PAGE * PAGE);
}

static void scribble(struct image_item *f, uint64_t *seed)
{
	size_t len = 1 + campaign_roll(seed, 2 * PAGE), at = campaign_roll(seed, f->len + 1);

	if (at + len > f->len)
		image_resize(f, at + len);
	for (size_t i = 0; i < len; i++)
		f->bytes[at + i] = (uint8_t)campaign_roll(seed, 256);
}

static struct image_item *pick_segment(struct image *m, uint64_t *seed)
{
	struct image_item *chosen = NULL;
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->item[i].is_dir && strncmp(m->item[i].path, "seg-", 4) == 0 && campaign_roll(seed, ++n) == 0)
			chosen = &m->item[i];
	return chosen;
}

/* A segment of the other spool: in place of one, or under a name that was free. */
static void bring_foreign(struct image *m, const struct image *other, bool instead, uint64_t *seed)
{
	char path[IMAGE_PATH];
	const struct image_item *from = NULL;

	for (size_t i = 0; i < other->n; i++)
		if (strstr(other->item[i].path, "seg-") != NULL && !other->item[i].is_dir)
			from = &other->item[i];
	if (from == NULL)
		exit(99);
	if (instead)
		snprintf(path, sizeof(path), "%.40s", pick_segment(m, seed)->path);
	else
		snprintf(path, sizeof(path), "seg-%016" PRIx64 "%s", campaign_roll(seed, 300),
		        campaign_roll(seed, 3) == 0 ? ".bad" : "");
	if (image_find(m, path) == NULL)
		image_add(m, path, true, NULL, 0);
	strcat(path, "/data.mdb");
	image_add(m, path, false, from->bytes, from->len);
}

/* Names that are none of the spool's, or not what they say. */
static const char *bring_names(struct image *m, uint64_t *seed)
{
	static const char junk[] = "this is not what you think it is";
	static const char *const files[] = { "seg-0000000000000015", "seg-zzz", "README", "seg-00000000000000ff",
		"quarantine/README", "next", "seg-0000000000000017.bad" };
	static const char *const dirs[] = { "seg-0000000000000016", "lost+found", "seg-", "seg-00000000000000fe",
		"seg-0000000000000019.bad" };
	const char *name;

	if (campaign_roll(seed, 2) == 0) {
		name = files[campaign_roll(seed, ARRAY_LEN(files))];
		if (strncmp(name, "quarantine", 10) == 0 && image_find(m, "quarantine") == NULL)
			image_add(m, "quarantine", true, NULL, 0);
		image_add(m, name, false, junk, sizeof(junk));
		return name;
	}
	name = dirs[campaign_roll(seed, ARRAY_LEN(dirs))];
	image_add(m, name, true, NULL, 0);
	if (campaign_roll(seed, 2) == 0) {
		char path[IMAGE_PATH];

		snprintf(path, sizeof(path), "%s/data.mdb", name);
		image_add(m, path, false, junk, sizeof(junk));
	}
	return name;
}

enum kind {
	FLIP,
	FLIP_AGAIN,
	FLIP_ONCE_MORE,
	CUT,
	ZERO,
	SWAP,
	DUPLICATE,
	FROM_ELSEWHERE,
	SCRIBBLE,
	FILE_GONE,
	SEGMENT_GONE,
	FOREIGN_INSTEAD,
	FOREIGN_BESIDE,
	NAMES,
	NAMES_SWAPPED,
	RENAMED,
	TWICE,
	KINDS
};

static const char *const kind_names[KINDS] = { "bits flipped in", "bits flipped in", "bits flipped in",
	"cut short:", "a page of zeros in", "pages swapped in", "a page twice in", "a page of another file in",
	"noise in", "gone:", "gone, with all in it:", "a foreign segment in place of one", "a foreign segment",
	"a strange name:", "names swapped with", "renamed:", "a copy beside:" };

/* The segment FROM, all of it, as TO; COPY: both. */
static void rename_segment(struct image *m, const char *from, const char *to, bool copy)
{
	size_t n = m->n, len = strlen(from);

	for (size_t i = 0; i < n; i++) {
		struct image_item *item = &m->item[i];
		char path[IMAGE_PATH];

		if (strncmp(item->path, from, len) != 0 || (item->path[len] != '\0' && item->path[len] != '/'))
			continue;
		snprintf(path, sizeof(path), "%.40s%.40s", to, item->path + len);
		if (copy)
			image_add(m, path, item->is_dir, item->bytes, item->len);
		else
			strcpy(item->path, path);
	}
}

/* A name that no segment has. */
static void free_name(struct image *m, uint64_t *seed, char name[IMAGE_PATH])
{
	do
		snprintf(name, IMAGE_PATH, "seg-%016" PRIx64, campaign_roll(seed, 400));
	while (image_find(m, name) != NULL);
}

/* A segment by another's name, or by one that was free. Gives the name that it had. */
static void mix_names(struct image *m, enum kind kind, uint64_t *seed, char from[IMAGE_PATH])
{
	char to[IMAGE_PATH];

	memcpy(from, pick_segment(m, seed)->path, IMAGE_PATH);
	if (kind != NAMES_SWAPPED) {
		free_name(m, seed, to);
		rename_segment(m, from, to, kind == TWICE);
		return;
	}
	do
		memcpy(to, pick_segment(m, seed)->path, IMAGE_PATH);
	while (strcmp(to, from) == 0);
	rename_segment(m, from, "aside", false);
	rename_segment(m, to, from, false);
	rename_segment(m, "aside", to, false);
}

static void change_file(struct image *m, struct image_item *f, enum kind kind, uint64_t *seed)
{
	struct image copy;
	size_t len;
	uint8_t *page;

	switch (kind) {
	case CUT:
		cut(f, seed);
		break;
	case ZERO:
		page = pick_page(f, seed, &len);
		memset(page, 0, len);
		break;
	case SWAP:
	case DUPLICATE:
		mix_pages(f, NULL, kind == SWAP, seed);
		break;
	case FROM_ELSEWHERE:
		image_copy(&copy, m);
		mix_pages(f, &copy, false, seed);
		image_free(&copy);
		break;
	case SCRIBBLE:
		scribble(f, seed);
		break;
	default:
		flip(f, seed);
	}
}

struct damage damage_do(struct image *m, const struct image *other, uint64_t *seed)
{
	enum kind kind = (enum kind)campaign_roll(seed, KINDS);
	struct image_item *f = pick_file(m, seed);
	char path[IMAGE_PATH] = "";
	struct damage d = { .names = kind == NAMES_SWAPPED || kind == RENAMED || kind == TWICE };

	while (f == NULL)
		f = pick_file(m, seed);
	if (kind <= FILE_GONE)
		memcpy(path, f->path, sizeof(path));
	if (kind < FILE_GONE)
		change_file(m, f, kind, seed);
	else if (kind == FOREIGN_INSTEAD || kind == FOREIGN_BESIDE)
		bring_foreign(m, other, kind == FOREIGN_INSTEAD, seed);
	else if (kind == NAMES)
		snprintf(path, sizeof(path), "%s", bring_names(m, seed));
	else if (d.names)
		mix_names(m, kind, seed, path);
	else if (kind == SEGMENT_GONE)
		memcpy(path, pick_segment(m, seed)->path, sizeof(path));
	if (kind == FILE_GONE || kind == SEGMENT_GONE)
		image_remove(m, path);
	d.state = strcmp(path, "state") == 0;
	snprintf(d.words, DAMAGE_WORDS, "%s %s", kind_names[kind], path);
	return d;
}

/* The first page of a batch in pages of its own says so, and how many they are. */
static uint32_t pages_of_batch(const struct image_item *f, size_t page)
{
	const uint8_t *at = f->bytes + page * PAGE;
	uint64_t number;
	uint32_t pages;
	uint16_t flags;

	if ((page + 1) * PAGE > f->len)
		return 0;
	memcpy(&number, at, sizeof(number));
	memcpy(&flags, at + 10, sizeof(flags));
	memcpy(&pages, at + 12, sizeof(pages));
	if (number != page || flags != OVERFLOW || memcmp(at + 16, "SSPR", 4) != 0 || (page + pages) * PAGE > f->len)
		return 0;
	return pages;
}

struct damage damage_batch(struct image *m, bool first, uint64_t *seed)
{
	struct damage d = { 0 };
	uint32_t pages = 0;

	while (pages < 3) {
		struct image_item *f = pick_file(m, seed);
		size_t page;

		if (f == NULL || strstr(f->path, "data.mdb") == NULL || f->len < PAGE)
			continue;
		page = campaign_roll(seed, f->len / PAGE);
		pages = pages_of_batch(f, page);
		if (pages < 3)
			continue;
		if (first)
			memset(f->bytes, 0, PAGE);
		else
			page += 1 + campaign_roll(seed, pages - 1);
		memset(f->bytes + page * PAGE, 0, PAGE);
		snprintf(d.words, DAMAGE_WORDS, "a page of zeros inside a batch of %s", f->path);
	}
	return d;
}

/* The record that seems to begin at AT, and its length. */
static uint64_t seems(const uint8_t *at, size_t left, size_t *len)
{
	uint64_t position;
	uint32_t size;

	if (left < HEADER)
		return 0;
	memcpy(&size, at + SIZE_AT, sizeof(size));
	memcpy(&position, at + POSITION_AT, sizeof(position));
	*len = HEADER + (size_t)size;
	return *len <= left ? position : 0;
}

/* The next record's magic in F from *at on, or NULL. */
static const uint8_t *next_magic(const struct image_item *f, size_t *at)
{
	const uint8_t *found = memmem(f->bytes + *at, f->len - *at, "SSPR", 4);

	if (found != NULL)
		*at = (size_t)(found - f->bytes) + 1;
	return found;
}

static bool holds_records(const struct image_item *f)
{
	return !f->is_dir && strncmp(f->path, "seg-", 4) == 0 && strstr(f->path, "/data.mdb") != NULL;
}

void damage_find(const struct image *m, struct damage_record *records, size_t n, damage_is_whole *is_whole, void *arg)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct image_item *f = &m->item[i];
		const uint8_t *p;

		for (size_t at = 0, len; holds_records(f) && (p = next_magic(f, &at)) != NULL;) {
			uint64_t position = seems(p, f->len - at + 1, &len);

			if (position > 0 && position < n && is_whole(arg, position, &(struct damage_record){ p, len }))
				records[position] = (struct damage_record){ p, len };
		}
	}
}

/* The first position behind segment FIRST, as WHOLE has it. */
static uint64_t limit_of(const struct image *whole, uint64_t first, uint64_t n)
{
	uint64_t limit = n;

	for (size_t i = 0; i < whole->n; i++) {
		uint64_t other = 0;

		if (whole->item[i].is_dir && sscanf(whole->item[i].path, "seg-%" SCNx64, &other) == 1 && other > first)
			limit = min_u64(limit, other);
	}
	return limit;
}

void damage_intact(
        const struct image *m, const struct image *whole, const struct damage_record *records, bool *intact, size_t n)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct image_item *f = &m->item[i];
		uint64_t first = 0, limit;
		const uint8_t *p;

		if (!holds_records(f) || sscanf(f->path, "seg-%" SCNx64, &first) != 1)
			continue;
		limit = limit_of(whole, first, n);
		for (size_t at = 0, len; (p = next_magic(f, &at)) != NULL;) {
			uint64_t position = seems(p, f->len - at + 1, &len);
			bool even = ((p - f->bytes) & 1) == 0;

			if (position >= max_u64(first, 1) && position < limit && even && records[position].len == len &&
			        memcmp(records[position].bytes, p, len) == 0)
				intact[position] = true;
		}
	}
}
