/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c — keeps the contents of a client's credential files current, with a worker thread.
 *
 *   IDLE ──credentials_refresh(), a second after the last──► CHECKING: stat, read changed files
 *        ──► on_checked(): changed() if contents differ ──► IDLE
 *            freed meanwhile: on_checked() frees the memory */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/credentials.h"
#include "base/log.h"
#include "base/secret_file.h"

/* The metadata that change with a file's content. */
struct version {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct file {
	char *path;    /* NULL: none */
	bool was_pipe; /* when opened */
	struct version version;
	struct buf content;
	struct buf fresh;     /* new content; the worker's until on_checked() */
	struct version found; /* the version of FRESH */
	bool is_new;
	struct why why;   /* why the last check failed; code 0: it did not */
	int last_failure; /* why.code of the last failure logged; 0: none */
};

struct credentials {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	struct file files[CREDENTIALS_N];
	uint64_t checked_us;
	bool any;
	bool checking;
	bool freed; /* credentials_free() was called while CHECKING */
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

static int read_content(enum credential kind, const char *path, int fd, struct buf *to, struct why *why)
{
	return is_secret(kind) ? secret_file_line(fd, path, to, why) : secret_file_pem(fd, path, to, why);
}

int credential_check(enum credential kind, const char *path, struct why *why)
{
	struct buf content = { 0 };
	bool is_pipe;
	int fd = secret_file_open(path, &is_pipe, why), rc = 0;

	if (fd < 0)
		return fd;
	if (!is_pipe)
		rc = read_content(kind, path, fd, &content, why);
	close(fd);
	buf_free(&content);
	return rc;
}

/* ---- the worker ---- */

/* A pipe can be read only once, at open. */
static void check_file(struct file *f, enum credential kind)
{
	bool is_pipe;
	int fd;
	struct stat st;

	f->why.code = 0;
	if (f->was_pipe)
		return;
	fd = secret_file_open(f->path, &is_pipe, &f->why);
	if (fd < 0)
		return;
	if (is_pipe) {
		why_set(&f->why, E_USAGE, "%s: is a pipe now, and was a file at the start", f->path);
	} else if (fstat(fd, &st) == 0) {
		f->found = version_of(&st);
		if (!same_version(&f->found, &f->version))
			f->is_new = read_content(kind, f->path, fd, &f->fresh, &f->why) == 0;
	}
	close(fd);
}

static void check_files(void *arg)
{
	struct credentials *c = arg;

	for (size_t i = 0; i < CREDENTIALS_N; i++)
		if (c->files[i].path != NULL)
			check_file(&c->files[i], (enum credential)i);
}

/* ---- the loop ---- */

/* Applies the worker's result on the loop; true when the content has changed. */
static bool apply_fresh(struct file *f)
{
	bool changed = false;

	if (f->why.code != 0 && f->why.code != f->last_failure)
		log_warn("http: %s: what was read from it before stays in use", f->why.text);
	if (f->why.code == 0 && f->last_failure != 0)
		log_info("http: %s can be read again", f->path);
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

static void free_contents(struct credentials *c)
{
	for (size_t i = 0; i < CREDENTIALS_N; i++) {
		free(c->files[i].path);
		buf_free(&c->files[i].content);
		buf_free(&c->files[i].fresh);
	}
	free(c);
}

static void on_checked(void *arg)
{
	struct credentials *c = arg;
	bool changed = false;

	c->checking = false;
	if (c->freed) {
		free_contents(c);
		return;
	}
	for (size_t i = 0; i < CREDENTIALS_N; i++)
		if (c->files[i].path != NULL)
			changed |= apply_fresh(&c->files[i]);
	if (changed)
		c->changed(c->arg);
}

void credentials_refresh(struct credentials *c)
{
	uint64_t now = loop_now_us(c->loop);

	if (!c->any || c->checking || now - c->checked_us < US_PER_S)
		return;
	c->checked_us = now;
	c->checking = work_start(c->loop, check_files, on_checked, c) == 0;
}

const struct buf *credentials_get(const struct credentials *c, enum credential kind)
{
	return &c->files[kind].content;
}

static int open_file(struct file *f, enum credential kind, const char *path, struct why *why)
{
	struct stat st;
	int fd, rc;

	f->path = strdup(path);
	if (f->path == NULL)
		return why_set(why, E_NOMEM, "%s", path);
	fd = secret_file_open(path, &f->was_pipe, why);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0)
		f->version = version_of(&st);
	rc = read_content(kind, path, fd, &f->content, why);
	close(fd);
	return rc;
}

int credentials_open(struct credentials **out, struct loop *l, const char *const files[CREDENTIALS_N],
        void (*changed)(void *arg), void *arg, struct why *why)
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
		free_contents(c);
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
	if (!c->checking)
		free_contents(c);
}
