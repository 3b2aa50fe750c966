/* directory.c — bad records as files, synced with their directory. A worker writes what has
 * gathered, one run at a time; what comes meanwhile is the next run.
 *
 * NAME.value holds the bytes as they were; NAME.headers a line "name: value" for each header and the
 * key, bytes that are no printable ASCII as %XX. The headers are written first: a value without them
 * is never seen, and a file that is written again is the same. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "owner.h"
#include "quarantine_internal.h"

enum { AGAIN_MS = 1000 };

struct directory {
	struct quarantine q;
	int fd;
	struct list writing; /* the worker's while busy */
	struct list written; /* by it, and synced */
	char failed[128];    /* why it stopped at the first of writing; "" it did not */
	bool busy;
	bool orphan; /* nobody waits for it any more */
	struct timer *again;
};

static struct directory *from(struct quarantine *q)
{
	return container_of(q, struct directory, q);
}

static void add_escaped(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < 0x20 || s.at[i] > 0x7e || s.at[i] == '%')
			buf_printf(to, "%%%02X", s.at[i]);
		else
			buf_byte(to, s.at[i]);
	}
}

static void describe(struct buf *to, const struct kafka_record *r)
{
	if (r->key.at != NULL) {
		buf_text(to, "key: ");
		add_escaped(to, r->key);
		buf_byte(to, '\n');
	}
	for (size_t i = 0; i < r->nheaders; i++) {
		add_escaped(to, slice_text(r->headers[i].name));
		buf_text(to, ": ");
		add_escaped(to, r->headers[i].value);
		buf_byte(to, '\n');
	}
}

static int write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.at, s.len);

		if (n == 0)
			errno = EIO; /* to try again would be to try for ever */
		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		if (n > 0)
			s = slice_of(s.at + n, s.len - (size_t)n);
	}
	return fsync(fd);
}

static int write_file(struct directory *d, const char *name, const char *kind, struct slice bytes)
{
	char path[512], part[520];
	int fd, rc;

	snprintf(path, sizeof(path), "%s.%s", name, kind);
	snprintf(part, sizeof(part), "%s.part", path);
	/* A kill may have left a part; a new file is never a link to another one. */
	if (unlinkat(d->fd, part, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(d->fd, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = write_all(fd, bytes);
	if (close(fd) < 0 || rc < 0)
		return -1;
	return renameat(d->fd, part, d->fd, path);
}

static int write_item(struct directory *d, const struct quarantine_item *item)
{
	struct buf headers = { 0 };
	int rc = -1;

	describe(&headers, &item->record);
	errno = ENOMEM;
	if (buf_check(&headers) == 0)
		rc = write_file(d, item->name, "headers", buf_slice(&headers));
	if (rc == 0)
		rc = write_file(d, item->name, "value", item->record.value);
	buf_free(&headers);
	return rc;
}

static void run(void *arg)
{
	struct directory *d = arg;
	struct list done;

	list_init(&done);
	d->failed[0] = '\0';
	while (!list_empty(&d->writing)) {
		struct quarantine_item *item =
		        list_first(&d->writing, struct quarantine_item, link);

		if (write_item(d, item) < 0) {
			snprintf(d->failed, sizeof(d->failed), "%s", strerror(errno));
			break;
		}
		list_remove(&item->link);
		list_push(&done, &item->link);
	}
	if (list_empty(&done))
		return;
	if (fsync(d->fd) == 0) {
		list_append(&d->written, &done);
	} else {
		snprintf(d->failed, sizeof(d->failed), "%s", strerror(errno));
		list_append(&d->writing, &done);
	}
}

static void start(struct directory *d);
static void directory_free(struct quarantine *q);

/* What was not written goes before what came meanwhile. */
static void take_back(struct directory *d)
{
	list_append(&d->writing, &d->q.waiting);
	list_append(&d->q.waiting, &d->writing);
}

static void on_run(void *arg)
{
	struct directory *d = arg;

	d->busy = false;
	if (d->orphan) {
		directory_free(&d->q);
		return;
	}
	if (d->failed[0] != '\0')
		quarantine_trouble(&d->q,
		        list_first(&d->writing, struct quarantine_item, link)->name, d->failed);
	else
		quarantine_well(&d->q);
	take_back(d);
	while (!list_empty(&d->written)) {
		struct quarantine_item *item =
		        list_first(&d->written, struct quarantine_item, link);

		list_remove(&item->link);
		quarantine_kept(&d->q, item);
	}
	if (d->q.flushed != NULL && (d->failed[0] != '\0' || list_empty(&d->q.waiting))) {
		d->q.flushing = true;
		quarantine_flushed(&d->q);
	} else if (d->failed[0] != '\0') {
		timer_start(d->again, AGAIN_MS);
	} else {
		start(d);
	}
}

static void start(struct directory *d)
{
	if (d->busy || d->q.flushing || (list_empty(&d->q.waiting) && d->q.flushed == NULL))
		return;
	list_append(&d->writing, &d->q.waiting);
	d->busy = work_start(d->q.loop, run, on_run, d) == 0;
	if (d->busy)
		return;
	take_back(d);
	timer_start(d->again, AGAIN_MS);
}

static void on_again(void *arg)
{
	start(arg);
}

static void directory_put(struct quarantine *q)
{
	if (!timer_armed(from(q)->again))
		start(from(q));
}

/* A write cannot be cut off; what is not begun need not be. */
static void directory_flush(struct quarantine *q, uint64_t budget_ms)
{
	(void)budget_ms;
	start(from(q));
}

static void directory_free(struct quarantine *q)
{
	struct directory *d = from(q);

	if (d->busy) {
		d->orphan = true; /* the worker still has it: freed when that is over */
		return;
	}
	timer_free(d->again);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

static const struct quarantine_ops ops = { directory_put, directory_flush, directory_free };

static int open_directory(const char *path, struct why *why)
{
	int fd = -1;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || faccessat(fd, ".", W_OK, 0) < 0)
		why_set(why, err_from_errno(errno), "directory %s: %s", path, strerror(errno));
	else if (owner_refuse_root(fd, NULL, why) < 0)
		why_wrap(why, "directory %s", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct quarantine *quarantine_directory_new(
        struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		why_set(why, E_NOMEM, "directory");
		return NULL;
	}
	d->q.ops = &ops;
	list_init(&d->writing);
	list_init(&d->written);
	d->fd = open_directory(opts->where, why);
	if (d->fd < 0)
		goto fail;
	if (timer_open(&d->again, l, on_again, d) == 0)
		return &d->q;
	why_set(why, E_NOMEM, "directory");
fail:
	directory_free(&d->q);
	return NULL;
}
