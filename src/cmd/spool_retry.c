/* SPDX-License-Identifier: Apache-2.0 */
/* spool_retry.c — puts records from quarantine/ back into the spool, with the agent stopped. A file in quarantine/
 * is removed after its record is committed. Each record is marked maybe-duplicate: an earlier attempt may have
 * arrived, and a kill between commit and removal leaves a second copy. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/exporter.h"
#include "span/inspect.h"
#include "spool_verbs.h"

enum { MAX_BATCHES = 64, MAX_BYTES = 4 << 20, SEGMENT_BYTES = 4 << 20 };

struct retrying {
	const struct spool_call *c;
	struct spool_inspect *l;
	struct spool_quarantined *list; /* the files in quarantine/ */
	size_t n;
	char host[256];
	struct spool *spool;
	struct spool_state state; /* the state as last written */
	struct spool_cycle cycle;
	struct batch *batches[MAX_BATCHES];
	const struct spool_quarantined *files[MAX_BATCHES]; /* the file of each batch */
	size_t gathered, bytes;
	uint64_t records, spans;
	struct why why;
};

static bool is_wanted(const struct retrying *r, const struct spool_quarantined *k)
{
	return r->c->set->all ? k->is_record && k->rc == 0 : spool_is_named(r->c, k->name);
}

static int check(struct retrying *r)
{
	if (r->c->set->all == (r->c->nnames > 0))
		return why_set(&r->why, E_USAGE, "either names of records, or --all");
	if (spool_names_are_there(r->c, r->list, r->n, &r->why) < 0)
		return r->why.code;
	for (size_t i = 0; i < r->n; i++) {
		const struct spool_quarantined *k = &r->list[i];

		if (!is_wanted(r, k))
			continue;
		if (!k->is_record)
			return why_set(&r->why, E_USAGE,
			        "%s is a segment: what is intact in it was delivered, or is in the "
			        "spool",
			        k->name);
		if (k->rc < 0)
			return why_set(&r->why, k->rc, "quarantine/%s: %s", k->name, err_text(k->rc));
	}
	return 0;
}

static void requeue_in_ledger(struct ledger *l, const struct retrying *r, size_t i)
{
	struct ledger_count what = { r->batches[i]->spans, 1 };

	ledger_requeue(l, what, strcmp(r->files[i]->cause, exporter_unconfirmed) == 0);
}

static void adopt_stored(struct retrying *r, size_t stored)
{
	for (size_t i = 0; i < stored; i++) {
		requeue_in_ledger(&r->state.ledger, r, i);
		r->records++;
		r->spans += r->batches[i]->spans;
	}
	r->state.generation = r->cycle.state.generation;
	r->state.end = r->cycle.state.end;
	r->state.spans_put = r->cycle.state.spans_put;
}

/* Commits the gathered batches in one commit cycle, then removes their files from quarantine/. */
static int commit_gathered(struct retrying *r)
{
	struct spool_cycle *cycle = &r->cycle;
	int rc;

	memset(cycle, 0, sizeof(*cycle));
	cycle->put = r->batches;
	cycle->nput = r->gathered;
	cycle->state = r->state;
	cycle->state.generation++;
	for (size_t i = 0; i < r->gathered; i++)
		requeue_in_ledger(&cycle->state.ledger, r, i);
	spool_cycle(r->spool, cycle);
	rc = cycle->stored == r->gathered ? 0 : cycle->put_rc;
	if (rc < 0)
		why_set(&r->why, rc, "%s: %s", r->c->set->directory, err_text(rc));
	adopt_stored(r, cycle->stored);
	for (size_t i = 0; i < r->gathered; i++) {
		if (i < cycle->stored && rc == 0)
			rc = spool_unquarantine(r->spool, r->files[i]->name, &r->why);
		batch_unref(&r->batches[i]);
	}
	r->gathered = r->bytes = 0;
	return rc;
}

/* Adds B to the gathered batches, and takes it. Refuses bytes that the agent would not accept from UDP: the sink could
 * not deliver them either. */
static int gather_batch(struct retrying *r, const struct spool_quarantined *file, struct batch *b)
{
	struct inspect_facts facts;

	if (inspect_batch(batch_slice(b), &facts, NULL, NULL, &r->why) < 0 || facts.spans != b->spans) {
		batch_unref(&b);
		return why_set(&r->why, E_MALFORMED, "quarantine/%s: it holds no Batch", file->name);
	}
	b->maybe_dup = true;
	r->files[r->gathered] = file;
	r->batches[r->gathered++] = b;
	r->bytes += b->size;
	return r->gathered == MAX_BATCHES || r->bytes >= MAX_BYTES ? commit_gathered(r) : 0;
}

static int put_all(struct retrying *r)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		struct batch *b;

		if (!is_wanted(r, &r->list[i]))
			continue;
		rc = spool_inspect_quarantined_batch(r->l, r->list[i].name, &b, &r->why);
		if (rc == 0)
			rc = gather_batch(r, &r->list[i], b);
	}
	if (rc == 0 && r->gathered > 0)
		rc = commit_gathered(r);
	for (size_t i = 0; i < r->gathered; i++)
		batch_unref(&r->batches[i]);
	return rc;
}

/* Opens the spool as an agent does, but leaves state.boot as it is: a retry does not count as a start. */
static int retry_all(struct retrying *r)
{
	struct spool_opts opts = {
		.directory = r->c->set->directory,
		.host = r->host,
		.segment_bytes = SEGMENT_BYTES,
	};
	struct spool_found found;
	int rc = spool_open(&r->spool, &opts, &found, &r->why);

	if (rc < 0)
		return rc;
	r->state = found.state;
	rc = put_all(r);
	r->state.generation++;
	spool_close(r->spool, &r->state);
	return rc;
}

/* Reads quarantine/ before spool_open, because spool_open would create a missing spool. */
static int read_quarantine(struct retrying *r)
{
	int rc = spool_inspect_open(&r->l, r->c->set->directory, SPOOL_INSPECT_LIVE, &r->why);

	if (rc < 0)
		return rc;
	if (r->c->set->unverified)
		spool_inspect_unverified(r->l);
	snprintf(r->host, sizeof(r->host), "%s", spool_inspect_summary(r->l)->host);
	if (r->host[0] == '\0' && gethostname(r->host, sizeof(r->host) - 1) < 0)
		snprintf(r->host, sizeof(r->host), "localhost");
	rc = spool_inspect_quarantine(r->l, &r->list, &r->n);
	if (rc < 0)
		return why_set(&r->why, rc, "%s/quarantine: %s", r->c->set->directory, err_text(rc));
	return check(r);
}

int spool_quarantine_retry(const struct spool_call *c)
{
	struct retrying *r = calloc(1, sizeof(*r));
	struct why why;
	int rc, status;

	if (r == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		return spool_fail(c, &why);
	}
	r->c = c;
	rc = read_quarantine(r);
	if (rc == 0)
		rc = retry_all(r);
	if (rc == 0 || r->records > 0)
		printf("%" PRIu64 " batches with %" PRIu64 " spans are back in the spool\n", r->records, r->spans);
	status = rc < 0 ? spool_fail(c, &r->why) : EXIT_FINE;
	spool_inspect_close(r->l);
	free(r->list);
	free(r);
	return status;
}
