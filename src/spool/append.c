/* SPDX-License-Identifier: Apache-2.0 */
/* append.c — stores the batches of a cycle as records, and the state with them. */
#include <stdlib.h>

#include "base/log.h"
#include "spool_internal.h"

static struct entry *make_entries(const struct spool *s, const struct spool_cycle *cycle)
{
	struct entry *e = calloc(cycle->nput, sizeof(*e));
	struct span_offset at = s->end;

	for (size_t i = 0; e != NULL && i < cycle->nput; i++) {
		const struct batch *b = cycle->put[i];

		e[i].bytes = b->bytes;
		e[i].r = (struct record){
			.position = at.position++,
			.boot = b->boot,
			.sequence = b->sequence,
			.received_ms = b->received_ms,
			.spans_before = at.spans,
			.spans = b->spans,
			.size = b->size,
			.maybe_dup = b->maybe_dup,
		};
		at.spans += b->spans;
	}
	return e;
}

/* Logs the first error of putting records and the first success after it. E_FULL is not logged: the caller may
 * make room and try again many times. */
static void log_put_result(struct spool *s, int rc)
{
	if (rc == E_FULL)
		return;
	if (rc < 0 && !s->put_failed)
		log_warn("spool: cannot put: %s%s%s", err_text(rc), s->writer.error_text[0] != '\0' ? ": " : "",
		        s->writer.error_text);
	if (rc == 0 && s->put_failed)
		log_info("spool: puts again");
	s->put_failed = rc < 0;
}

/* Sets s->last, which later syncs write: the batches that were not stored are still in flight. */
static void update_last_state(struct spool *s, struct spool_cycle *cycle)
{
	struct ledger_count rest = { .batches = cycle->nput - cycle->stored };

	for (size_t i = cycle->stored; i < cycle->nput; i++)
		rest.spans += cycle->put[i]->spans;
	s->last = cycle->state;
	store_return_to_flight(&s->last, rest, &s->end);
	cycle->state.end = s->end.position;
	cycle->state.spans_put = s->end.spans;
}

void append_run(struct spool *s, struct spool_cycle *cycle)
{
	struct storing g = { .all = cycle->nput, .state = &cycle->state };
	struct entry *e = NULL;
	int rc = 0, refused = E_NOMEM;

	cycle->first = s->end.position;
	if (cycle->nput > 0) {
		e = make_entries(s, cycle);
		g.e = e;
		g.n = e == NULL ? 0 : store_allow(s, e, cycle->nput, &refused);
		rc = g.n == 0 ? refused : store_run(s, &g);
		rc = rc == 0 ? refused : rc;
		log_put_result(s, rc);
	}
	cycle->stored = g.done;
	cycle->put_rc = rc;
	update_last_state(s, cycle);
	cycle->state_rc = 0;
	if (cycle->write_state && !g.state_durable)
		cycle->state_rc = statefile_sync(&s->file, &s->last, &s->id);
	free(e);
}
