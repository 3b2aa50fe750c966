/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c — opens, begins and closes a spool directory, which one process at a time may hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lock.h"
#include "base/log.h"
#include "older.h"
#include "base/owner.h"
#include "spool_internal.h"

enum { SEGMENTS_AT_LEAST = 4 }; /* segments in max_bytes, so that space is freed in parts */

static void spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	store_seal(s);
	if (s->next.env != NULL)
		writer_discard(&s->next, s->dir);
	reader_close(&s->reader);
	statefile_close(&s->file);
	segments_free(&s->segments);
	if (s->lock >= 0)
		close(s->lock);
	if (s->dir >= 0)
		close(s->dir);
	free((void *)s->opts.directory);
	free((void *)s->opts.host);
	free(s);
}

static int copy_opts(struct spool *s, const struct spool_opts *opts)
{
	uint64_t bytes = max_u64(opts->segment_bytes, WRITER_LEAST_BYTES);
	uint64_t page = (uint64_t)getpagesize();

	s->opts = *opts;
	spool_set_limits(s, opts->max_bytes, opts->min_free);
	s->opts.directory = strdup(opts->directory);
	s->opts.host = strdup(opts->host);
	if (opts->max_bytes > 0)
		bytes = min_u64(bytes, max_u64(opts->max_bytes / SEGMENTS_AT_LEAST, WRITER_LEAST_BYTES));
	s->map_bytes = (bytes + page - 1) / page * page;
	return s->opts.directory == NULL || s->opts.host == NULL ? E_NOMEM : 0;
}

static int open_dir(struct spool *s, struct why *why)
{
	s->dir = disk_open_spool(s->opts.directory);
	if (s->dir < 0 && errno == ENOENT) {
		int rc = disk_make_dirs(s->opts.directory, why);

		if (rc < 0)
			return rc;
		s->dir = disk_open_spool(s->opts.directory);
	}
	if (s->dir < 0)
		return why_set(why, err_from_errno(errno), "cannot open: %s", strerror(errno));
	if (owner_refuse_root(s->dir, "state", why) < 0)
		return why->code;
	/* Existing directories may not be synced: the process that made them may have been killed before. If
	 * there is a state file they were synced. */
	if (faccessat(s->dir, "state", F_OK, 0) < 0)
		disk_sync_parents(s->opts.directory);
	return 0;
}

static int open_files(struct spool *s, struct spool_found *found, struct why *why)
{
	int rc = older_check_tail(s->dir, true, why);

	if (rc == 0)
		rc = statefile_open(&s->file, s->dir, why);
	if (rc < 0)
		return rc;
	if (disk_remove_dir(s->dir, "next") < 0)
		log_debug("spool: next/ could not be removed");
	rc = segments_list(&s->segments, s->dir);
	if (rc < 0)
		return why_set(why, rc, "cannot list: %s", err_text(rc));
	return recover_run(s, found, why);
}

int spool_open(struct spool **out, const struct spool_opts *opts, struct spool_found *found, struct why *why)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return why_set(why, E_NOMEM, "spool: %s", err_text(E_NOMEM));
	s->dir = s->lock = s->file.fd = s->reader.fd = -1;
	memset(found, 0, sizeof(*found));
	if (copy_opts(s, opts) < 0) {
		why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
		goto fail;
	}
	if (open_dir(s, why) < 0)
		goto fail;
	s->reader.at = s->dir;
	s->reader.key = &s->id.key;
	s->reader.batch_struct_size = s->opts.batch_struct_size;
	if (lock_take(s->dir, LOCK_ALONE, &s->lock, why) < 0)
		goto fail;
	if (open_files(s, found, why) < 0)
		goto fail;
	*out = s;
	return 0;
fail:
	spool_free(s);
	return why_wrap(why, "spool %s", opts->directory);
}

int spool_begin(struct spool *s, const struct spool_state *state, struct why *why)
{
	int rc;

	quarantine_measure(s);
	s->stats.quarantine_bytes = s->quarantine_bytes;
	s->last = *state;
	s->last.end = s->end.position;
	s->last.spans_put = s->end.spans;
	rc = statefile_sync(&s->file, &s->last, &s->id);
	if (rc < 0)
		return why_set(why, rc, "spool %s: cannot write the state: %s", s->opts.directory, err_text(rc));
	store_measure(s);
	cycle_measure(s);
	return 0;
}

const struct spool_stats *spool_stats(const struct spool *s)
{
	return &s->stats;
}

void spool_set_limits(struct spool *s, uint64_t max_bytes, uint64_t min_free)
{
	s->max_bytes = max_bytes;
	s->min_free = min_free;
}

void spool_live(struct spool *s, const struct spool_state *state)
{
	statefile_live(&s->file, state);
}

/* Writes the final state and removes the segments that were delivered since the last cycle. */
static void write_last_state(struct spool *s, const struct spool_state *state)
{
	s->last = *state;
	s->last.end = s->end.position;
	s->last.spans_put = s->end.spans;
	if (statefile_sync(&s->file, &s->last, &s->id) == 0) {
		cycle_reclaim(s);
		return;
	}
	log_warn("spool: the state could not be synced at the end");
	statefile_live(&s->file, &s->last); /* needs no disk write */
}

void spool_close(struct spool *s, const struct spool_state *state)
{
	if (s == NULL)
		return;
	if (state != NULL)
		write_last_state(s, state);
	spool_free(s);
}
