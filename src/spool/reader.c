/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c — reads one segment: by its pages until they prove damaged, then by salvage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader.h"

void reader_close(struct reader *r)
{
	if (r->state == READER_CLOSED)
		return;
	lmdb_pages_free(&r->tree);
	salvage_free(&r->scan);
	close(r->fd);
	r->state = READER_CLOSED;
	r->fd = -1;
	r->io_error_since_us = 0;
}

static int open_file(struct reader *r, const char *path, uint64_t first)
{
	r->fd = disk_open(r->at, path, O_RDONLY);
	if (r->fd < 0)
		return errno == ENOENT ? E_CORRUPT : err_from_errno(errno);
	r->state = READER_BY_PAGES;
	r->first = first;
	r->tree = (struct lmdb_pages){ .fd = r->fd };
	r->scan = (struct salvage){ 0 };
	r->has_head = r->salvage_logged = false;
	return 0;
}

/* Key of the segment's checksums; NULL: they are not verified. */
static const struct key *key_of(const struct reader *r)
{
	return r->unverified ? NULL : r->key != NULL ? r->key : &r->head_key;
}

/* Positions of the segment are below this: the file has no space for more records. */
static uint64_t position_bound(const struct reader *r)
{
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return r->first;
	return r->first + (uint64_t)st.st_size / RECORD_HEADER;
}

/* Reads and verifies the head, which must have the transaction id of the meta page. */
static int load_head(struct reader *r)
{
	uint8_t bytes[HEAD_BYTES];
	struct place p;
	ssize_t got;
	int rc = lmdb_pages_find(&r->tree, 0, &p);

	if (rc < 0)
		return rc == E_END ? E_CORRUPT : rc;
	if (p.key != 0 || p.size > sizeof(bytes))
		return E_CORRUPT;
	got = disk_read(r->fd, bytes, p.size, p.offset);
	if (got < 0)
		return (int)got;
	rc = format_head_decode(slice_of(bytes, (size_t)got), r->key, &r->head);
	return rc == 0 && r->head.txnid != r->tree.txnid ? E_CORRUPT : rc;
}

/* The same, and checks that the head's positions are those of this segment. */
static int read_head(struct reader *r)
{
	int rc = load_head(r);

	if (rc == 0 && (r->head.first.position != r->first || r->head.end.position < r->first ||
	                       r->head.end.position > position_bound(r)))
		rc = E_CORRUPT;
	if (rc < 0)
		return rc;
	r->head_key = r->head.id.key;
	r->has_head = true;
	r->end = r->head.end;
	return 0;
}

/* Selects the last commit. E_EMPTY: the file has no commit. */
static int start_pages(struct reader *r)
{
	int rc = lmdb_pages_start(&r->tree);

	return rc == 0 && r->tree.txnid == 0 ? E_EMPTY : rc;
}

/* Reads the last commit. Without a new one this costs two small reads. */
static int open_by_pages(struct reader *r)
{
	uint64_t seen = r->tree.txnid;
	int rc = start_pages(r);

	if (rc < 0)
		return rc;
	return r->has_head && r->tree.txnid == seen ? 0 : read_head(r);
}

static int open_by_salvage(struct reader *r)
{
	int rc;

	salvage_free(&r->scan);
	if (r->key == NULL && !r->has_head && !r->unverified)
		return E_CORRUPT;
	rc = salvage_run(
	        &r->scan, r->fd, key_of(r), (struct spool_run){ r->first, min_u64(r->limit, position_bound(r)) });
	if (rc == 0 && r->scan.has_foreign_head && !r->scan.has_own_key)
		rc = E_FOREIGN;
	if (rc < 0)
		return rc;
	r->state = READER_BY_SALVAGE;
	r->salvage_limit = r->limit;
	if (r->scan.has_head && r->scan.head.end.position <= position_bound(r)) {
		r->head = r->scan.head;
		r->has_head = true;
	}
	r->end = r->scan.end;
	if (r->has_head && r->head.end.position > r->end.position)
		r->end = r->head.end;
	return r->scan.n == 0 ? E_CORRUPT : 0;
}

static int close_if_failed(struct reader *r, int rc)
{
	if (rc < 0)
		reader_close(r);
	return rc;
}

int reader_open(struct reader *r, const struct segment *seg, uint64_t limit)
{
	char path[DISK_NAME];

	segment_file(seg, path);
	return reader_open_file(r, path, seg->first, limit);
}

int reader_open_file(struct reader *r, const char *path, uint64_t first, uint64_t limit)
{
	int rc;

	if (r->state != READER_CLOSED && r->first != first)
		reader_close(r);
	r->limit = limit;
	if (r->state == READER_BY_SALVAGE && limit <= r->salvage_limit)
		return 0;
	rc = r->state == READER_CLOSED ? open_file(r, path, first) : 0;
	if (rc < 0)
		return rc;
	rc = r->state == READER_BY_PAGES ? open_by_pages(r) : E_CORRUPT;
	if (rc == E_CORRUPT)
		rc = open_by_salvage(r);
	return close_if_failed(r, rc);
}

/* Opens the data file of SEG, which is not read yet. */
static int open_afresh(struct reader *r, const struct segment *seg, uint64_t limit)
{
	char path[DISK_NAME];

	reader_close(r);
	segment_file(seg, path);
	r->limit = limit;
	return open_file(r, path, seg->first);
}

int reader_open_head(struct reader *r, const struct segment *seg)
{
	int rc = open_afresh(r, seg, UINT64_MAX);

	return close_if_failed(r, rc == 0 ? open_by_pages(r) : rc);
}

int reader_open_salvaged(struct reader *r, const struct segment *seg, uint64_t limit)
{
	int rc = open_afresh(r, seg, limit);

	return close_if_failed(r, rc == 0 ? open_by_salvage(r) : rc);
}

int reader_head(struct reader *r, const struct segment *seg, struct head *head)
{
	int rc = open_afresh(r, seg, UINT64_MAX);

	if (rc == 0)
		rc = start_pages(r);
	if (rc == 0)
		rc = load_head(r);
	*head = r->head;
	reader_close(r);
	return rc;
}

int reader_start_salvage(struct reader *r)
{
	int rc = r->state == READER_BY_PAGES ? open_by_salvage(r) : 0;

	return rc == E_CORRUPT ? 0 : rc;
}

int reader_find(struct reader *r, uint64_t want, struct place *found)
{
	const struct place *p;

	want = max_u64(want, 1); /* key 0 is the head */
	if (r->state == READER_BY_PAGES) {
		int rc = lmdb_pages_find(&r->tree, want, found);

		if (rc == 0)
			return found->key < r->limit ? 0 : E_END;
		if (rc != E_CORRUPT)
			return rc;
		rc = open_by_salvage(r);
		if (rc < 0 && rc != E_CORRUPT)
			return rc;
	}
	p = salvage_find(&r->scan, want);
	if (p == NULL)
		return E_END;
	*found = *p;
	return 0;
}

void record_to_batch(const struct record *r, struct batch *b)
{
	b->position = r->position;
	b->boot = r->boot;
	b->sequence = r->sequence;
	b->received_ms = r->received_ms;
	b->spans = r->spans;
	b->maybe_dup = r->maybe_dup;
}

int reader_read(struct reader *r, const struct place *p, struct batch **b, struct record *header)
{
	uint8_t bytes[RECORD_HEADER];
	struct batch *got;
	struct iovec iov[2];
	int rc;

	if (p->size < RECORD_HEADER || p->size > RECORD_HEADER + RECORD_MOST)
		return E_CORRUPT;
	got = batch_new_within(r->batch_struct_size, p->size - RECORD_HEADER);
	if (got == NULL)
		return E_NOMEM;
	iov[0] = (struct iovec){ bytes, sizeof(bytes) };
	iov[1] = (struct iovec){ got->bytes, got->size };
	rc = disk_readv(r->fd, iov, 2, p->offset);
	if (rc == 0)
		rc = format_record_decode(bytes, key_of(r), header);
	if (rc == 0 && (header->position != p->key || header->size != got->size ||
	                       !format_record_verify(bytes, key_of(r), batch_slice(got))))
		rc = E_CORRUPT;
	if (rc < 0) {
		batch_unref(&got);
		return rc;
	}
	record_to_batch(header, got);
	*b = got;
	return 0;
}

int reader_read_header(struct reader *r, const struct place *p, struct record *header)
{
	uint8_t bytes[RECORD_HEADER];
	ssize_t got = disk_read(r->fd, bytes, sizeof(bytes), p->offset);

	if (got < 0)
		return (int)got;
	return got < RECORD_HEADER ? E_CORRUPT : format_record_decode(bytes, key_of(r), header);
}

/* Reads the first intact record at or above AT into ITEM. Salvage skips what is damaged; pages end at it. */
static int next_intact(struct reader *r, uint64_t at, bool skip_errors, struct reader_item *item)
{
	for (;;) {
		struct place p = { 0 };
		int rc = reader_find(r, at, &p);

		if (rc == 0)
			rc = reader_read(r, &p, &item->batch, &item->header);
		if (skip_errors && rc < 0 && rc != E_END && rc != E_NOMEM)
			rc = E_CORRUPT;
		if (rc != E_CORRUPT || r->state == READER_BY_PAGES)
			return rc;
		at = p.key + 1;
	}
}

/* The same, but salvage runs before a position of the segment counts as lost. */
static int find_next(struct reader *r, uint64_t at, bool skip_errors, struct reader_item *item)
{
	int rc = next_intact(r, at, skip_errors, item);
	bool lost = rc == E_CORRUPT || (rc == E_END && at < min_u64(r->end.position, r->limit)) ||
	            (rc == 0 && item->header.position != at);

	if (r->state != READER_BY_PAGES || !lost)
		return rc;
	batch_unref(&item->batch);
	rc = reader_start_salvage(r);
	if (rc >= 0)
		return next_intact(r, at, skip_errors, item);
	return skip_errors && rc != E_NOMEM ? E_END : rc;
}

int reader_next(struct reader *r, struct spool_run want, bool skip_errors, struct reader_item *item)
{
	uint64_t end = min_u64(want.end, r->limit);
	int rc;

	*item = (struct reader_item){ 0 };
	rc = find_next(r, want.first, skip_errors, item);
	if (rc == 0 && item->header.position == want.first)
		return 0;
	if (rc == 0) {
		item->behind = (struct span_offset){ item->header.position, item->header.spans_before };
		end = min_u64(end, item->header.position);
		batch_unref(&item->batch);
	} else if (rc == E_END) {
		end = min_u64(end, r->end.position);
	} else {
		return rc;
	}
	item->lost = (struct spool_run){ want.first, end };
	return want.first < end ? 0 : E_END;
}

/* Reads and verifies the record at POSITION. */
static int record_at(struct reader *r, uint64_t position, struct record *header)
{
	struct batch *b;
	struct place p;
	int rc = reader_find(r, position, &p);

	if (rc < 0)
		return rc;
	if (p.key != position)
		return E_END;
	rc = reader_read(r, &p, &b, header);
	if (rc == 0)
		batch_unref(&b);
	return rc;
}

bool reader_spans_below(struct reader *r, uint64_t position, uint64_t *spans)
{
	struct record header;

	if (record_at(r, position, &header) == 0) {
		*spans = header.spans_before;
	} else if (position > 1 && record_at(r, position - 1, &header) == 0) {
		*spans = header.spans_before + header.spans;
	} else if (r->has_head && r->head.first.position == position) {
		*spans = r->head.first.spans;
	} else if (r->has_head && r->head.end.position == position) {
		*spans = r->head.end.spans;
	} else {
		return false;
	}
	return true;
}

bool reader_has_nothing(int rc)
{
	return rc == E_CORRUPT || rc == E_EMPTY || rc == E_FOREIGN;
}
