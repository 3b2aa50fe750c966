/* SPDX-License-Identifier: Apache-2.0 */
/* spool_repair.c — reads everything, says what it would do, and with --apply does it. A damaged segment
 * is written anew as far as it is intact; one that holds nothing goes aside; one with a wrong name gets its
 * own. Nothing is deleted. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/progress.h"
#include "spool/repair.h"
#include "spool_verbs.h"

enum remedy { LEAVE, RENEW, SET_ASIDE };
static const char *const words[] = { [LEAVE] = "leave", [RENEW] = "renew", [SET_ASIDE] = "set aside" };

struct step {
	enum remedy remedy;
	uint64_t intact, lost; /* batches that wait */
	char what[160];        /* the first damage met in it */
};

struct repairing {
	const struct spool_call *c;
	struct spool_inspect *l;
	struct step *steps; /* of each segment */
	bool mend_state;
	unsigned misnamed; /* segments */
	unsigned todo;
	uint64_t missing; /* batches that wait and are in no file */
};

static void note(struct repairing *r, const struct spool_item *item)
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
	if (s->remedy == LEAVE)
		snprintf(s->what, sizeof(s->what), "%s", item->what);
	s->remedy = RENEW;
}

/* A segment that was written anew stands beside the old one when a repair was cut short. */
static bool is_replaced(const struct spool_summary *seen, size_t i)
{
	return seen->segments[i].bad && i + 1 < seen->nsegments &&
	       seen->segments[i + 1].first == seen->segments[i].first;
}

static void decide(struct repairing *r)
{
	const struct spool_summary *seen = spool_inspect_summary(r->l);
	char what[SPOOL_FINDING];

	r->mend_state = spool_state_is_broken(seen, what);
	r->todo += r->mend_state;
	for (size_t i = 0; i < seen->nsegments; i++) {
		struct step *s = &r->steps[i];

		if (is_replaced(seen, i)) {
			s->remedy = SET_ASIDE;
			snprintf(s->what, sizeof(s->what), "%s was written anew already", seen->segments[i].name);
		}
		if (s->remedy == RENEW && s->intact == 0)
			s->remedy = SET_ASIDE;
		r->misnamed += seen->segments[i].misnamed;
		r->todo += s->remedy != LEAVE || seen->segments[i].misnamed;
	}
}

static int plan(struct repairing *r)
{
	struct spool_item item;
	struct progress p;
	int rc;

	progress_init(&p, stderr);
	while ((rc = spool_inspect_next(r->l, &item)) == 0) {
		note(r, &item);
		batch_unref(&item.batch);
		progress_show(&p, (uint64_t)(1000 * spool_inspect_progress(r->l)), 1000, "reading");
	}
	progress_clear(&p);
	if (rc != E_MISSING)
		return rc;
	decide(r);
	return 0;
}

static void print_step(const struct step *s)
{
	printf("%s\n", s->what);
	if (s->remedy == RENEW)
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

	if (r->todo == 0)
		printf("there is nothing to repair\n");
	if (spool_state_is_broken(seen, what))
		printf("%s\n  write them anew, with a copy of the file in quarantine/\n", what);
	for (size_t i = 0; i < seen->nsegments; i++) {
		if (spool_is_misnamed(&seen->segments[i], what))
			printf("%s\n  give it the name that says so\n", what);
		if (r->steps[i].remedy != LEAVE)
			print_step(&r->steps[i]);
	}
	if (r->missing > 0)
		printf("%" PRIu64 " batches are in no file: the agent will count them as quarantined\n", r->missing);
	if (r->todo > 0 && !r->c->set->apply)
		printf("nothing was changed; --apply does it\n");
}

/* From the last to the first: renaming one does not change what the others cover. */
static int apply(struct repairing *r, struct why *why)
{
	int rc = r->misnamed > 0 ? spool_repair_names(r->l, why) : 0;

	if (rc == 0 && r->mend_state)
		rc = spool_repair_state(r->l, why);
	for (size_t i = spool_inspect_summary(r->l)->nsegments; rc == 0 && i-- > 0;) {
		uint64_t written;

		if (r->steps[i].remedy == SET_ASIDE)
			rc = spool_quarantine_segment(r->l, i, why);
		else if (r->steps[i].remedy == RENEW)
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

		if (s->remedy != LEAVE && json_array_append_new(steps,
		                                  json_pack("{s:s,s:s,s:s,s:I,s:I}", "segment", seen->segments[i].name,
		                                          "remedy", words[s->remedy], "what", s->what, "intact",
		                                          (json_int_t)s->intact, "lost", (json_int_t)s->lost)) < 0) {
			json_decref(steps);
			return NULL;
		}
	}
	return json_pack("{s:b,s:b,s:I,s:I,s:o}", "applied", r->c->set->apply, "state", r->mend_state, "misnamed",
	        (json_int_t)r->misnamed, "missing", (json_int_t)r->missing, "plan", steps);
}

static int repair(struct repairing *r)
{
	struct why why;
	int rc = spool_repair_check(r->l, &why);

	if (rc < 0)
		return spool_fail(r->c, &why);
	rc = plan(r);
	if (rc < 0)
		why_set(&why, rc, "%s: %s", r->c->set->directory, err_text(rc));
	if (rc == 0 && !r->c->set->json)
		print_plan(r);
	if (rc == 0 && r->c->set->apply)
		rc = apply(r, &why);
	if (rc < 0)
		return spool_fail(r->c, &why);
	if (r->c->set->json && spool_print(r->c, as_json(r)) != EXIT_FINE)
		return EXIT_FAILED;
	if (r->todo > 0 && r->c->set->apply && !r->c->set->json)
		printf("done\n");
	return r->todo > 0 && !r->c->set->apply ? EXIT_WANTING : EXIT_FINE;
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
