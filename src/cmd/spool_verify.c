/* SPDX-License-Identifier: Apache-2.0 */
/* spool_verify.c — reads a whole spool, at rest, and reports every damage. */
#include <inttypes.h>
#include <stdlib.h>

#include "span/inspect.h"
#include "base/progress.h"
#include "spool_verbs.h"

struct verifying {
	const struct spool_call *c;
	struct spool_inspect *l;
	struct progress progress;
	json_t *damages;
	uint64_t records, spans, waiting;
	uint64_t lost, lost_waiting;
	bool failed; /* memory ran out */
};

/* Reports one damage: prints a line, or adds it to the JSON array. */
static void report_damage(struct verifying *v, const char *what, const struct spool_item *item)
{
	json_t *o = json_pack("{s:s,s:I,s:I,s:o,s:I}", "what", what, "first", (json_int_t)item->lost.first, "end",
	        (json_int_t)item->lost.end, "spans",
	        item->counted ? json_integer((json_int_t)item->spans) : json_null(), "waiting",
	        (json_int_t)item->waiting);

	v->lost += item->lost.end - item->lost.first;
	v->lost_waiting += item->waiting;
	v->failed = json_array_append_new(v->damages, o) < 0 || v->failed;
	if (v->c->set->json)
		return;
	progress_clear(&v->progress);
	printf("damage: %s", what);
	if (item->lost.end > item->lost.first) {
		printf(": positions %" PRIu64 " to %" PRIu64, item->lost.first, item->lost.end - 1);
		if (item->counted)
			printf(", %" PRIu64 " spans", item->spans);
		printf("; %" PRIu64 " of these batches waited", item->waiting);
	}
	putchar('\n');
}

static void report_problem(struct verifying *v, const char *what)
{
	report_damage(v, what, &(struct spool_item){ 0 });
}

/* Checks that B, whose checksum is right, parses as a jaeger.Batch with the number of spans in its header. */
static void check_batch(struct verifying *v, const struct batch *b)
{
	struct inspect_facts facts;
	char what[640];
	struct why why;

	v->records++;
	v->spans += b->spans;
	v->waiting += spool_inspect_waits(v->l, b->position);
	if (inspect_batch(batch_slice(b), &facts, NULL, NULL, &why) < 0)
		snprintf(what, sizeof(what), "position %" PRIu64 " is whole but no Batch: %s", b->position, why.text);
	else if (facts.spans != b->spans)
		snprintf(what, sizeof(what), "position %" PRIu64 " has %" PRIu32 " spans and says %" PRIu32,
		        b->position, facts.spans, b->spans);
	else
		return;
	report_problem(v, what);
}

static void verify_state(struct verifying *v)
{
	char what[SPOOL_FINDING];

	if (spool_state_is_broken(spool_inspect_summary(v->l), what))
		report_problem(v, what);
}

static int verify_records(struct verifying *v)
{
	struct spool_item item;
	int rc;

	spool_inspect_begin(v->l, &(struct spool_range){ 0 });
	while ((rc = spool_inspect_next(v->l, &item)) == 0) {
		if (item.batch != NULL)
			check_batch(v, item.batch);
		else
			report_damage(v, item.what, &item);
		batch_unref(&item.batch);
		progress_show(&v->progress, (uint64_t)(1000 * spool_inspect_progress(v->l)), 1000,
		        "%" PRIu64 " records", v->records);
	}
	progress_clear(&v->progress);
	return rc == E_END ? 0 : rc;
}

static int verify_quarantine(struct verifying *v)
{
	struct spool_quarantined *list;
	char what[128];
	size_t n;
	int rc = spool_inspect_quarantine(v->l, &list, &n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (!list[i].is_record || list[i].rc == 0)
			continue;
		snprintf(what, sizeof(what), "quarantine/%s: %s", list[i].name, err_text(list[i].rc));
		report_problem(v, what);
	}
	free(list);
	return 0;
}

static int print_result(struct verifying *v)
{
	size_t n = json_array_size(v->damages);
	int rc = EXIT_FINE;

	if (v->c->set->json)
		rc = spool_print(
		        v->c, v->failed ? NULL
		                        : json_pack("{s:I,s:I,s:I,s:I,s:I,s:O}", "records", (json_int_t)v->records,
		                                  "spans", (json_int_t)v->spans, "waiting", (json_int_t)v->waiting,
		                                  "lost", (json_int_t)v->lost, "lost_waiting",
		                                  (json_int_t)v->lost_waiting, "damages", v->damages));
	else
		printf("%" PRIu64 " batches with %" PRIu64 " spans are whole, %" PRIu64
		       " of these batches wait; %zu damages, %" PRIu64 " batches lost\n",
		        v->records, v->spans, v->waiting, n, v->lost);
	return rc != EXIT_FINE ? rc : n > 0 ? EXIT_WANTING : EXIT_FINE;
}

int spool_verify(const struct spool_call *c)
{
	struct verifying v = { .c = c, .damages = json_array() };
	int rc = spool_open_as(c, SPOOL_INSPECT_REST, &v.l);
	struct why why;

	if (rc != 0) {
		json_decref(v.damages);
		return rc;
	}
	progress_init(&v.progress, stderr);
	verify_state(&v);
	rc = verify_records(&v);
	if (rc == 0)
		rc = verify_quarantine(&v);
	if (rc < 0) {
		why_set(&why, rc, "%s: %s", c->set->directory, err_text(rc));
		rc = spool_fail(c, &why);
	} else {
		rc = print_result(&v);
	}
	json_decref(v.damages);
	spool_inspect_close(v.l);
	return rc;
}
