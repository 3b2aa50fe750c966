/* SPDX-License-Identifier: Apache-2.0 */
/* append.c — a cycle's batches become records of a segment. */
#include <stdlib.h>

#include "base/log.h"
#include "spool_internal.h"

static struct entry *entries_of(const struct spool *s, const struct spool_cycle *t)
{
	struct entry *e = calloc(t->nput, sizeof(*e));
	struct span_offset at = s->end;

	for (size_t i = 0; e != NULL && i < t->nput; i++) {
		const struct batch *b = t->put[i];

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

/* Once on the way in, once on the way out. A limit that is reached is the caller's to tell: it may make
 * room, many times over. */
static void tell(struct spool *s, int rc)
{
	if (rc == E_FULL)
		return;
	if (rc < 0 && !s->in_trouble)
		log_warn("spool: cannot put: %s%s%s", err_text(rc), s->writer.words[0] != '\0' ? ": " : "",
		        s->writer.words);
	if (rc == 0 && s->in_trouble)
		log_info("spool: puts again");
	s->in_trouble = rc < 0;
}

/* The state that is true now is what later syncs write. */
static void keep_state(struct spool *s, struct spool_cycle *t)
{
	struct ledger_count rest = { .batches = t->nput - t->stored };

	for (size_t i = t->stored; i < t->nput; i++)
		rest.spans += t->put[i]->spans;
	s->last = t->state;
	store_settle(&s->last, rest, &s->end);
	t->state.end = s->end.position;
	t->state.spans_put = s->end.spans;
}

void append_run(struct spool *s, struct spool_cycle *t)
{
	struct storing g = { .all = t->nput, .state = &t->state };
	struct entry *e = NULL;
	int rc = 0, refused = E_NOMEM;

	t->first = s->end.position;
	if (t->nput > 0) {
		e = entries_of(s, t);
		g.e = e;
		g.n = e == NULL ? 0 : store_allow(s, e, t->nput, &refused);
		rc = g.n == 0 ? refused : store_run(s, &g);
		rc = rc == 0 ? refused : rc;
		tell(s, rc);
	}
	t->stored = g.done;
	t->put_rc = rc;
	keep_state(s, t);
	t->state_rc = 0;
	if (t->write_state && !g.state_durable)
		t->state_rc = statefile_sync(&s->file, &s->last, &s->origin);
	free(e);
}
