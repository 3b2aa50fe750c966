/* tail.c — append, and read back: the frames of the spool one behind the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "disk.h"
#include "tail.h"

enum { PART_BYTES = 4 << 20 };

int tail_open(struct tail *t, int at, bool make, struct why *why)
{
	struct stat st;

	*t = (struct tail){ .fd = disk_open(at, "tail", O_RDWR | (make ? O_CREAT : 0)) };
	if (t->fd < 0 && errno == ENOENT && !make)
		return 0;
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return why_set(why, err_from_errno(errno), "tail: %s", strerror(errno));
	t->bytes = (uint64_t)st.st_size;
	return 0;
}

int tail_look(struct tail *t, int at)
{
	struct stat st;

	*t = (struct tail){ .fd = disk_open(at, "tail", O_RDONLY) };
	if (t->fd < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	if (fstat(t->fd, &st) < 0)
		return err_from_errno(errno);
	t->bytes = (uint64_t)st.st_size;
	return 0;
}

/* Cuts off what a failed append left. If that fails too, the next append overwrites it. */
static void cut(const struct tail *t)
{
	if (ftruncate(t->fd, (off_t)t->bytes) < 0)
		return;
}

/* One part of the vector a frame; a record's are its header and its bytes. Gives how many parts. */
static size_t fill_vector(struct iovec *iov, uint8_t *headers, const struct entry *e, size_t n,
        const struct spool_state *state, const struct origin *origin)
{
	size_t k = 0;

	iov[k++] = (struct iovec){ headers, layout_state_encode(headers, state, origin) };
	headers += STATE_BYTES;
	for (size_t i = 0; i < n; i++, headers += RECORD_HEADER) {
		layout_record_encode(headers, &e[i].r, slice_of(e[i].bytes, e[i].r.size));
		iov[k++] = (struct iovec){ headers, RECORD_HEADER };
		iov[k++] = (struct iovec){ (void *)e[i].bytes, e[i].r.size };
	}
	return k;
}

int tail_append(struct tail *t, const struct entry *e, size_t n, const struct spool_state *state,
        const struct origin *origin)
{
	uint8_t *headers = malloc(STATE_BYTES + n * RECORD_HEADER);
	struct iovec *iov = malloc((2 * n + 1) * sizeof(*iov));
	uint64_t bytes = 0;
	size_t k;
	int rc = E_NOMEM;

	if (headers == NULL || iov == NULL)
		goto out;
	k = fill_vector(iov, headers, e, n, state, origin);
	for (size_t i = 0; i < k; i++)
		bytes += iov[i].iov_len;
	rc = disk_writev(t->fd, iov, k, t->bytes);
	if (rc < 0) {
		cut(t);
		goto out;
	}
	t->bytes += bytes;
	if (!t->holds)
		t->since_us = clock_mono_us();
	t->holds = true;
out:
	free(headers);
	free(iov);
	return rc;
}

static int add_entry(struct tail_part *p, const struct record *r, const uint8_t *bytes)
{
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 256 : p->cap * 2;
		struct entry *more = realloc(p->e, cap * sizeof(*more));

		if (more == NULL)
			return E_NOMEM;
		p->e = more;
		p->cap = cap;
	}
	p->e[p->n++] = (struct entry){ *r, bytes };
	return 0;
}

/* The frame at FROM: its size; 0: it is none; more than there is: it goes on. Or an error. */
static int64_t take_frame(struct tail_part *p, struct slice from)
{
	struct spool_state state;
	struct origin origin;
	struct record r;
	size_t size = layout_state_size(from);

	if (size > 0 && size <= SLOT_BYTES) {
		if (size > from.len)
			return (int64_t)size;
		if (layout_state_decode(from, &state, &origin) < 0)
			return 0;
		p->state = state;
		p->origin = origin;
		p->has_state = true;
		return (int64_t)size;
	}
	if (from.len < RECORD_HEADER)
		return RECORD_HEADER;
	if (layout_record_decode(from.at, &r) < 0)
		return 0;
	if (r.size > from.len - RECORD_HEADER)
		return RECORD_HEADER + (int64_t)r.size;
	if (!layout_record_verify(from.at, slice_of(from.at + RECORD_HEADER, r.size)))
		return 0;
	if (p->n > 0 && r.position <= p->e[p->n - 1].r.position)
		p->mixed = true;
	if (add_entry(p, &r, from.at + RECORD_HEADER) < 0)
		return E_NOMEM;
	return RECORD_HEADER + (int64_t)r.size;
}

/* Frames in the LEN bytes read. LAST: the file ends with them. Gives the bytes used up. */
static int64_t take_frames(struct tail_part *p, size_t len, bool last)
{
	size_t at = 0, skipped = 0;

	while (at < len) {
		int64_t size = take_frame(p, slice_of(p->bytes + at, len - at));

		if (size < 0)
			return size;
		if (size > 0 && (uint64_t)size <= len - at) {
			at += (size_t)size;
			p->whole = at;
			p->broken = p->broken || skipped > 0;
			continue;
		}
		if (size > 0 && !last && at > 0)
			return (int64_t)at; /* whole in the next part */
		skipped++;
		at++; /* look for the next one that is whole */
	}
	return (int64_t)at;
}

static int by_position(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->r.position < y->r.position ? -1 : x->r.position > y->r.position;
}

/* What an older tail left behind the frames of this one, or damage has moved. */
static void sort_out(struct tail_part *p)
{
	size_t kept = 0;

	qsort(p->e, p->n, sizeof(*p->e), by_position);
	for (size_t i = 1; i < p->n; i++)
		if (p->e[i].r.position != p->e[kept].r.position)
			p->e[++kept] = p->e[i];
	p->n = kept + 1;
}

int tail_load(const struct tail *t, uint64_t offset, struct tail_part *part)
{
	uint64_t left = t->bytes - offset;
	size_t want = (size_t)min_u64(left, PART_BYTES);
	int64_t used;
	ssize_t got;

	*part = (struct tail_part){ .bytes = malloc(want + 1) };
	if (part->bytes == NULL)
		return E_NOMEM;
	got = disk_read(t->fd, part->bytes, want, offset);
	if (got < 0)
		return (int)got;
	used = take_frames(part, (size_t)got, want == left);
	if (used < 0)
		return (int)used;
	if (part->mixed)
		sort_out(part);
	if (part->whole > 0)
		part->whole += offset;
	part->next = (size_t)got < want ? t->bytes : offset + (uint64_t)used;
	return 0;
}

void tail_part_free(struct tail_part *part)
{
	free(part->bytes);
	free(part->e);
	*part = (struct tail_part){ 0 };
}

void tail_cut(struct tail *t, uint64_t bytes)
{
	t->bytes = bytes;
	cut(t);
}

void tail_clear(struct tail *t)
{
	t->holds = false;
	tail_cut(t, 0);
}

void tail_close(struct tail *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
