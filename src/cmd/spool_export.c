/* SPDX-License-Identifier: Apache-2.0 */
/* spool_export.c — copies the waiting batches out of a spool without changing it. It may run beside an agent: the
 * checksum of each record proves that it was read whole. */
#include <inttypes.h>

#include "spool_verbs.h"

struct exporting {
	const struct spool_settings *set;
	struct spool_inspect *l;
	struct spool_outlet out;
	uint64_t lost; /* waiting batches in the ranges that could not be read */
	unsigned gaps; /* ranges that could not be read */
};

static bool is_wanted(const struct exporting *e, const struct batch *b)
{
	return b->received_ms >= e->set->since_ms && b->received_ms < e->set->until_ms &&
	       (e->set->delivered || spool_inspect_waits(e->l, b->position));
}

/* 0 when every batch of the range is exported, or an error with its message in out.why. */
static int export_range(struct exporting *e)
{
	struct spool_range range = { .waiting = !e->set->delivered, .since_ms = e->set->since_ms };
	struct spool_item item;
	int rc = 0;

	spool_inspect_begin(e->l, &range);
	while (rc == 0 && (e->set->limit == 0 || e->out.records < e->set->limit)) {
		rc = spool_inspect_next(e->l, &item);
		if (rc < 0)
			break;
		e->lost += item.batch == NULL ? item.waiting : 0;
		e->gaps += item.batch == NULL;
		if (item.batch != NULL && is_wanted(e, item.batch))
			rc = spool_outlet_put(&e->out, item.batch);
		batch_unref(&item.batch);
	}
	if (rc == E_END)
		return 0;
	if (rc < 0 && rc != e->out.why.code)
		why_set(&e->out.why, rc, "%s: %s", e->set->directory, err_text(rc));
	return rc;
}

int spool_export(const struct spool_call *c)
{
	struct exporting e = { .set = c->set };
	int rc = spool_open_any(c, &e.l), status;

	if (rc != 0)
		return rc;
	status = EXIT_FINE;
	rc = spool_outlet_open(&e.out, c, spool_inspect_summary(e.l)->host);
	if (rc == 0)
		rc = export_range(&e);
	if (spool_outlet_close(&e.out) < 0 || rc < 0)
		status = spool_fail(c, &e.out.why);
	if (status == EXIT_FINE && e.gaps > 0) {
		fprintf(stderr,
		        "%u places could not be read, %" PRIu64
		        " batches that wait among them (see spanspool spool verify)\n",
		        e.gaps, e.lost);
		status = EXIT_WANTING;
	}
	spool_inspect_close(e.l);
	return status;
}
