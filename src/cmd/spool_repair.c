/* SPDX-License-Identifier: Apache-2.0 */
/* spool_repair.c — reads the whole spool, prints a plan of repairs, and carries it out with --apply. The intact
 * waiting batches of a damaged segment are rewritten to a new segment, and the old one moves to quarantine/. A damaged
 * segment without any moves to quarantine/. Nothing is deleted. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/progress.h"
#include "spool/repair.h"
#include "spool_verbs.h"

enum remedy { REMEDY_NONE, REMEDY_REWRITE, REMEDY_QUARANTINE };
static const char *const remedy_names[] = {
	[REMEDY_NONE] = "leave", [REMEDY_REWRITE] = "renew", [REMEDY_QUARANTINE] = "set aside"
};

struct step {
	enum remedy remedy;
	uint64_t intact, lost; /* batches that wait */
	char damage[160];      /* the first damage in the segment */
};

struct repairing {
	const struct spool_call *c;
	struct spool_inspect *l;
	struct step *steps; /* one for each segment */
	bool repair_state;
	unsigned nrepairs;
	uint64_t missing; /* waiting batches that are in no segment */
};

static void note_item(struct repairing *r, const struct spool_item *item)
{
	struct step *s = item->segment == SPOOL_NO_SEGMENT ? NULL : &r->steps[item->segment];

	if (s == NULL) {
		r->missing += item->batch == NULL ? item->waiting : 0;
		return;
	}
	if (item->batch != NULL) {
		s->intact += spool_inspect_waits(r->l, item->batch->position);
		return;
	}
	s->lost += item->waiting;
	if (s->remedy == REMEDY_NONE)
		snprintf(s->damage, sizeof(s->damage), "%s", item->what);
	s->remedy = REMEDY_REWRITE;
}

/* True when an interrupted repair left the damaged segment I beside its rewritten copy, the next one. */
static bool is_replaced(const struct spool_summary *seen, size_t i)
{
	return seen->segments[i].bad && i + 1 < seen->nsegments &&
	       seen->segments[i + 1].first == seen->segments[i].first;
}

static void choose_remedies(struct repairing *r)
{
	const struct spool_summary *seen = spool_inspect_summary(r->l);
	char what[SPOOL_FINDING];

	r->repair_state = spool_state_is_broken(seen, what);
	r->nrepairs += r->repair_state;
	for (size_t i = 0; i < seen->nsegments; i++) {
		struct step *s = &r->steps[i];

		if (is_replaced(seen, i)) {
			s->remedy = REMEDY_QUARANTINE;
			snprintf(s->damage, sizeof(s->damage), "%s was written anew already", seen->segments[i].name);
		}
		if (s->remedy == REMEDY_REWRITE && s->intact == 0)
			s->remedy = REMEDY_QUARANTINE;
		r->nrepairs += s->remedy != REMEDY_NONE;
	}
}

static int make_plan(struct repairing *r)
{
	struct spool_item item;
	struct progress p;
	int rc;

	progress_init(&p, stderr);
	while ((rc = spool_inspect_next(r->l, &item)) == 0) {
		note_item(r, &item);
		batch_unref(&item.batch);
		progress_show(&p, (uint64_t)(1000 * spool_inspect_progress(r->l)), 1000, "reading");
	}
	progress_clear(&p);
	if (rc != E_END)
		return rc;
	choose_remedies(r);
	return 0;
}

static void print_step(const struct step *s)
{
	printf("%s\n", s->damage);
	if (s->remedy == REMEDY_REWRITE)
		printf("  write anew the %" PRIu64 " batches of it that wait and are intact, and set it "
		       "aside in quarantine/",
		        s->intact);
	else
		printf("  set it aside in quarantine/");
	if (s->lost > 0)
		printf("; %" PRIu64 " batches are lost", s->lost);
	putchar('\n');
}

static void print_plan(const struct repairing *r)
{
	const struct spool_summary *seen = spool_inspect_summary(r->l);
	char what[SPOOL_FINDING];

	if (r->nrepairs == 0)
		printf("there is nothing to repair\n");
	if (spool_state_is_broken(seen, what))
		printf("%s\n  write them anew, with a copy of the file in quarantine/\n", what);
	for (size_t i = 0; i < seen->nsegments; i++)
		if (r->steps[i].remedy != REMEDY_NONE)
			print_step(&r->steps[i]);
	if (r->missing > 0)
		printf("%" PRIu64 " batches are in no file: the agent will count them as quarantined\n", r->missing);
	if (r->nrepairs > 0 && !r->c->set->apply)
		printf("nothing was changed; --apply does it\n");
}

/* Last segment first: rewriting one segment does not change the positions that the others cover. */
static int apply_plan(struct repairing *r, struct why *why)
{
	int rc = r->repair_state ? spool_repair_state(r->l, why) : 0;

	for (size_t i = spool_inspect_summary(r->l)->nsegments; rc == 0 && i-- > 0;) {
		uint64_t written;

		if (r->steps[i].remedy == REMEDY_QUARANTINE)
			rc = spool_quarantine_segment(r->l, i, why);
		else if (r->steps[i].remedy == REMEDY_REWRITE)
			rc = spool_rewrite(r->l, i, &written, why);
	}
	return rc;
}

static json_t *as_json(const struct repairing *r)
{
	const struct spool_summary *seen = spool_inspect_summary(r->l);
	json_t *steps = json_array();

	for (size_t i = 0; i < seen->nsegments; i++) {
		const struct step *s = &r->steps[i];

		if (s->remedy != REMEDY_NONE &&
		        json_array_append_new(
		                steps, json_pack("{s:s,s:s,s:s,s:I,s:I}", "segment", seen->segments[i].name, "remedy",
		                               remedy_names[s->remedy], "what", s->damage, "intact",
		                               (json_int_t)s->intact, "lost", (json_int_t)s->lost)) < 0) {
			json_decref(steps);
			return NULL;
		}
	}
	return json_pack("{s:b,s:b,s:I,s:o}", "applied", r->c->set->apply, "state", r->repair_state, "missing",
	        (json_int_t)r->missing, "plan", steps);
}

static int repair(struct repairing *r)
{
	struct why why;
	int rc = spool_repair_check(r->l, &why);

	if (rc < 0)
		return spool_fail(r->c, &why);
	rc = make_plan(r);
	if (rc < 0)
		why_set(&why, rc, "%s: %s", r->c->set->directory, err_text(rc));
	if (rc == 0 && !r->c->set->json)
		print_plan(r);
	if (rc == 0 && r->c->set->apply)
		rc = apply_plan(r, &why);
	if (rc < 0)
		return spool_fail(r->c, &why);
	if (r->c->set->json && spool_print(r->c, as_json(r)) != EXIT_FINE)
		return EXIT_FAILED;
	if (r->nrepairs > 0 && r->c->set->apply && !r->c->set->json)
		printf("done\n");
	return r->nrepairs > 0 && !r->c->set->apply ? EXIT_WANTING : EXIT_FINE;
}

int spool_repair(const struct spool_call *c)
{
	struct repairing r = { .c = c };
	int rc = spool_open_as(c, SPOOL_INSPECT_ALONE, &r.l);
	struct why why;

	if (rc != 0)
		return rc;
	r.steps = calloc(spool_inspect_summary(r.l)->nsegments + 1, sizeof(*r.steps));
	if (r.steps == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		rc = spool_fail(c, &why);
	} else {
		rc = repair(&r);
	}
	free(r.steps);
	spool_inspect_close(r.l);
	return rc;
}
