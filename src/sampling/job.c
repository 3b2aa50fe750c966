/* SPDX-License-Identifier: Apache-2.0 */
/* job.c — reads the strategies file and writes the cache in a worker thread, so that a slow disk delays no answer. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "sampling_internal.h"
#include "whole_file.h"

enum { CACHE_MOST = 64 << 20 }; /* bytes of the cache's file; CACHE_BYTES_MOST of strategies fit */

struct job {
	struct sampling *owner; /* NULL: it was freed meanwhile */
	char *path;
	struct buf text;               /* to write */
	struct file_stamp stamp;       /* of the file that was read last; the job updates it */
	bool is_same;                  /* the file has not changed */
	struct strategies *strategies; /* read from the file */
	struct cache *loaded;          /* read from the cache's file */
	int rc;
	struct why why;
};

static void free_job(struct job *j)
{
	strategies_free(j->strategies);
	if (j->loaded != NULL)
		cache_free(j->loaded);
	free(j->loaded);
	buf_free(&j->text);
	free(j->path);
	free(j);
}

static struct job *new_job(struct sampling *s, const char *path)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->owner = s;
	j->path = strdup(path);
	if (j->path == NULL) {
		free(j);
		return NULL;
	}
	return j;
}

static void start(struct sampling *s, struct job *j, void (*run)(void *arg), void (*done)(void *arg))
{
	if (work_start(s->loop, run, done, j) < 0) {
		s->cache.changed |= j->text.len > 0; /* a save is tried again */
		free_job(j);
		return;
	}
	s->job = j;
}

void sampling_abandon_job(struct sampling *s)
{
	if (s->job != NULL)
		s->job->owner = NULL;
	s->job = NULL;
}

/* ---- the cache ---- */

static void run_save(void *arg)
{
	struct job *j = arg;

	j->rc = whole_file_write(j->path, buf_slice(&j->text), &j->why);
}

static void log_failed_save(const struct why *why)
{
	static struct log_limit limit;

	if (log_limit_allows(&limit, 60000))
		log_warn("sampling: the strategies are not kept over a restart: %s", why->text);
}

static void on_saved(void *arg)
{
	struct job *j = arg;

	if (j->rc < 0)
		log_failed_save(&j->why);
	if (j->owner != NULL) {
		j->owner->cache.changed |= j->rc < 0;
		j->owner->job = NULL;
	}
	free_job(j);
}

void sampling_start_save(struct sampling *s)
{
	struct job *j = new_job(s, s->opts.cache);

	if (j == NULL)
		return;
	if (cache_save(&s->cache, &j->text) < 0)
		free_job(j);
	else
		start(s, j, run_save, on_saved);
}

void sampling_save(struct sampling *s)
{
	struct buf text = { 0 };
	struct why why;

	if (s->opts.cache == NULL || !s->cache.changed || s->job != NULL)
		return;
	if (cache_save(&s->cache, &text) == 0 && whole_file_write(s->opts.cache, buf_slice(&text), &why) < 0)
		log_failed_save(&why);
	buf_free(&text);
}

/* Parsing the strategies of many services takes as long as receiving thousands of spans: it is not done in the loop. */
static void run_load(void *arg)
{
	struct job *j = arg;

	j->rc = whole_file_read(j->path, CACHE_MOST, &j->text, &j->why);
	if (j->rc == 0)
		j->rc = cache_load(j->loaded, buf_slice(&j->text), clock_mono_us(), &j->why);
}

static void answer_all(struct sampling *s)
{
	for (struct cache_entry *e = cache_next(&s->cache, NULL); e != NULL; e = cache_next(&s->cache, e))
		if (e->strategy.len > 0 || e->failures > 0)
			sampling_answer_waiters(s, e);
}

static void on_loaded(void *arg)
{
	struct job *j = arg;
	struct sampling *s = j->owner;

	if (j->rc < 0 && j->rc != E_MISSING)
		log_warn("sampling: %s: %s; the strategies are fetched anew", j->path, j->why.text);
	if (s != NULL) {
		s->job = NULL;
		s->loading = false;
		if (j->rc > 0)
			log_info("sampling: %d services have the strategies of an earlier run, until newer ones come",
			        j->rc);
		cache_merge(&s->cache, j->loaded, clock_mono_us());
		answer_all(s);
	}
	free_job(j);
}

void sampling_start_load(struct sampling *s)
{
	struct job *j = new_job(s, s->opts.cache);

	if (j == NULL)
		return;
	j->loaded = malloc(sizeof(*j->loaded));
	if (j->loaded == NULL) {
		free_job(j);
		return;
	}
	cache_init(j->loaded, s->opts.max_services, s->opts.refresh_us);
	start(s, j, run_load, on_loaded);
	s->loading = s->job != NULL;
}

/* ---- the strategies file ---- */

static bool is_same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static void run_check(void *arg)
{
	struct job *j = arg;
	struct file_stamp now = { 0 };
	struct stat st;

	if (stat(j->path, &st) == 0)
		now = (struct file_stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	j->is_same = is_same_stamp(&now, &j->stamp);
	j->stamp = now;
	if (!j->is_same)
		j->rc = strategies_read(&j->strategies, j->path, &j->why);
}

static void on_checked(void *arg)
{
	struct job *j = arg;
	struct sampling *s = j->owner;

	if (s != NULL) {
		s->job = NULL;
		/* The stamp of the strategies file is forgotten when the file could not be read, so that the next check
		 * reads it even if it has not changed. A file with a syntax error is read again only when it changes. */
		s->file_stamp = j->rc < 0 && j->rc != E_MALFORMED ? (struct file_stamp){ 0 } : j->stamp;
	}
	if (s != NULL && !j->is_same && j->rc < 0) {
		health_post(s->health, "sampling", HEALTH_WARN,
		        "the strategies file cannot be used, and clients get the strategies read before: %s",
		        j->why.text);
	} else if (s != NULL && !j->is_same) {
		strategies_free(s->strategies);
		s->strategies = j->strategies;
		j->strategies = NULL;
		sampling_report_file(s);
	}
	free_job(j);
}

void sampling_start_check(struct sampling *s)
{
	struct job *j = new_job(s, s->opts.file);

	if (j == NULL)
		return;
	j->stamp = s->file_stamp;
	start(s, j, run_check, on_checked);
}
