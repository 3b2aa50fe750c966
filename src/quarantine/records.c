/* SPDX-License-Identifier: Apache-2.0 */
/* records.c — the agent's quarantine: each batch is written to a file <boot>-<sequence>.record in quarantine/ of the spool,
 * which `spanspool spool quarantine` reads. */
#include <stdlib.h>

#include "quarantine_internal.h"

static int write_record(struct files *f, struct quarantine_item *item, struct why *what)
{
	struct spool *s = f->q.opts.spool;
	int rc = spool_quarantine(s, item->batch, item->cause, item->detail, what);

	item->filed = rc < 0 && spool_has_file(s, item->batch);
	if (rc == E_FULL)
		why_set(what, rc, "its file system is full, or has no more than spool.min-free left");
	else if (rc < 0)
		why_set(what, rc, "%s", err_text(rc));
	return rc;
}

static void free_records(struct files *f)
{
	free(f);
}

static const struct files_kind kind = { write_record, NULL, free_records };

int quarantine_open_spool(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health)
{
	struct files *f = calloc(1, sizeof(*f));

	if (f == NULL || files_open(f, l, &kind) < 0) {
		free(f);
		return E_NOMEM;
	}
	quarantine_begin(&f->q, l, opts, events, health);
	*out = &f->q;
	return 0;
}
