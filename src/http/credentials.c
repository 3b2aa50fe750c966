/* credentials.c — contents of the files of a client, kept fresh by a worker thread.
 *
 *   IDLE ──look, a second after the last──► LOOKING: stat, read what changed ──► changed() or nothing ──► IDLE
 *                                              └── freed meanwhile: the worker's end frees the rest    */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials.h"
#include "log.h"

enum { SECRET_MOST = 4096, PEM_MOST = 4 << 20 };

/* What of a file changes when its content does. */
struct version {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct file {
	char *path; /* NULL: none */
	struct version version;
	struct buf content;
	struct buf fresh;     /* the worker's, until the look is over */
	struct version found; /* with it */
	bool is_new;
	struct why why;   /* why the last look could not read it; code 0: it could */
	int last_failure; /* code of what was logged last */
};

struct credentials {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	struct file files[CREDENTIALS_N];
	uint64_t looked_us;
	bool any;
	bool looking;
	bool freed; /* while the worker looks */
};

static bool is_secret(enum credential kind)
{
	return kind == CREDENTIAL_PASSWORD || kind == CREDENTIAL_BEARER;
}

static struct version version_of(const struct stat *st)
{
	return (struct version){ st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim };
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_version(const struct version *a, const struct version *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

/* Until the end of the file or MOST bytes. */
static int read_all(int fd, size_t most, struct buf *to)
{
	uint8_t part[4096];
	ssize_t n;

	while (to->len < most) {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		buf_add(to, part, (size_t)n);
	}
	return 0;
}

/* Leaves the first line, without what ends it. */
static void cut_line(struct buf *b)
{
	b->len = strcspn(buf_cstr(b), "\r\n");
}

static int read_content(
        enum credential kind, const char *path, int fd, struct buf *to, struct why *why)
{
	size_t most = is_secret(kind) ? SECRET_MOST : PEM_MOST;

	if (read_all(fd, most, to) < 0)
		return why_set(why, E_USAGE, "%s: %s", path, strerror(errno));
	if (to->len >= most)
		return why_set(why, E_USAGE, "%s: too long for a %s", path,
		        is_secret(kind) ? "secret" : "PEM file");
	if (is_secret(kind))
		cut_line(to);
	if (buf_check(to) < 0)
		return why_set(why, E_NOMEM, "%s", path);
	if (to->len == 0)
		return why_set(why, E_USAGE,
		        is_secret(kind) ? "%s: its first line is empty" : "%s: is empty", path);
	return 0;
}

int credential_read(enum credential kind, const char *path, struct buf *to, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return why_set(why, E_USAGE, "%s: %s", path, strerror(errno));
	rc = read_content(kind, path, fd, to, why);
	close(fd);
	return rc;
}

int credential_check(enum credential kind, const char *path, struct why *why)
{
	struct buf content = { 0 };
	struct stat st;
	int rc;

	if (stat(path, &st) < 0 || access(path, R_OK) < 0)
		return why_set(why, E_USAGE, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return why_set(why, E_USAGE, "%s is a directory, not a file", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	rc = credential_read(kind, path, &content, why);
	buf_free(&content);
	return rc;
}

/* ---- the worker ---- */

/* A pipe is read once, at the start: there is nothing in it later. */
static void look_at(struct file *f, enum credential kind)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	f->why.code = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		why_set(&f->why, E_USAGE, "%s: %s", f->path, strerror(errno));
	} else if (S_ISREG(st.st_mode)) {
		f->found = version_of(&st);
		if (!same_version(&f->found, &f->version))
			f->is_new = read_content(kind, f->path, fd, &f->fresh, &f->why) == 0;
	}
	if (fd >= 0)
		close(fd);
}

static void look_at_all(void *arg)
{
	struct credentials *c = arg;

	for (size_t i = 0; i < CREDENTIALS_N; i++)
		if (c->files[i].path != NULL)
			look_at(&c->files[i], (enum credential)i);
}

/* ---- the loop ---- */

/* True when the content is another one. */
static bool take_fresh(struct file *f)
{
	bool changed = false;

	if (f->why.code != 0 && f->why.code != f->last_failure)
		log_warn("http: %s: what was read from it before stays in use", f->why.text);
	f->last_failure = f->why.code;
	if (f->is_new) {
		changed = !slice_same(buf_slice(&f->fresh), buf_slice(&f->content));
		f->version = f->found;
	}
	if (changed) {
		struct buf old = f->content;

		f->content = f->fresh;
		f->fresh = old;
		log_info("http: %s has changed and is used from now on", f->path);
	}
	buf_clear(&f->fresh);
	f->is_new = false;
	return changed;
}

static void destroy(struct credentials *c)
{
	for (size_t i = 0; i < CREDENTIALS_N; i++) {
		free(c->files[i].path);
		buf_free(&c->files[i].content);
		buf_free(&c->files[i].fresh);
	}
	free(c);
}

static void on_looked(void *arg)
{
	struct credentials *c = arg;
	bool changed = false;

	c->looking = false;
	if (c->freed) {
		destroy(c);
		return;
	}
	for (size_t i = 0; i < CREDENTIALS_N; i++)
		if (c->files[i].path != NULL)
			changed |= take_fresh(&c->files[i]);
	if (changed)
		c->changed(c->arg);
}

void credentials_look(struct credentials *c)
{
	uint64_t now = loop_now_us(c->loop);

	if (!c->any || c->looking || now - c->looked_us < US_PER_S)
		return;
	c->looked_us = now;
	c->looking = work_start(c->loop, look_at_all, on_looked, c) == 0;
}

const struct buf *credentials_get(const struct credentials *c, enum credential kind)
{
	return &c->files[kind].content;
}

static int open_file(struct file *f, enum credential kind, const char *path, struct why *why)
{
	struct stat st;

	f->path = strdup(path);
	if (f->path == NULL)
		return why_set(why, E_NOMEM, "%s", path);
	if (stat(path, &st) == 0)
		f->version = version_of(&st);
	return credential_read(kind, path, &f->content, why);
}

int credentials_open(struct credentials **out, struct loop *l,
        const char *const files[CREDENTIALS_N], void (*changed)(void *arg), void *arg,
        struct why *why)
{
	struct credentials *c = calloc(1, sizeof(*c));
	int rc = 0;

	if (c == NULL)
		return why_set(why, E_NOMEM, "credentials");
	c->loop = l;
	c->changed = changed;
	c->arg = arg;
	for (size_t i = 0; rc == 0 && i < CREDENTIALS_N; i++) {
		if (files[i] == NULL)
			continue;
		c->any = true;
		rc = open_file(&c->files[i], (enum credential)i, files[i], why);
	}
	if (rc < 0) {
		destroy(c);
		return rc;
	}
	*out = c;
	return 0;
}

void credentials_free(struct credentials *c)
{
	if (c == NULL)
		return;
	c->freed = true;
	if (!c->looking)
		destroy(c);
}
