/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_read.c — finds each of the ledger's keys in the JSON object and takes its number. */
#include <jansson.h>

#include "admin/ledger_read.h"

/* The first failure stays; what is asked for after it is 0. */
struct reader {
	struct why *why;
	int rc;
};

static json_t *member(struct reader *r, json_t *in, const char *key)
{
	json_t *found = json_object_get(in, key);

	if (found == NULL && r->rc == 0)
		r->rc = why_set(r->why, E_MALFORMED, "the ledger has no \"%s\"", key);
	return found;
}

static uint64_t number(struct reader *r, json_t *in, const char *key)
{
	json_t *found = member(r, in, key);

	if (found == NULL)
		return 0;
	if ((!json_is_integer(found) || json_integer_value(found) < 0) && r->rc == 0)
		r->rc = why_set(r->why, E_MALFORMED, "the ledger's \"%s\" is no count", key);
	return (uint64_t)json_integer_value(found);
}

static uint64_t place(struct reader *r, json_t *of, enum ledger_place p)
{
	json_t *in = p >= LEDGER_DROPPED_FIRST ? member(r, of, "dropped") : of;

	return number(r, in, ledger_place_names[p]);
}

static void read_datagrams(struct reader *r, json_t *from, struct ledger *l)
{
	l->received = number(r, from, "received");
	l->kernel_dropped = number(r, from, "kernel_dropped");
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		l->outcome[i] = number(r, from, ledger_outcome_names[i]);
}

static void read_all(struct reader *r, json_t *root, struct ledger *l)
{
	json_t *spans = member(r, root, "spans"), *batches = member(r, root, "batches");
	json_t *twice = member(r, root, "maybe_duplicate"), *unconfirmed;

	l->boots = number(r, root, "boots");
	l->unclean_stops = number(r, root, "unclean_stops");
	read_datagrams(r, member(r, root, "datagrams"), l);
	l->accepted.spans = number(r, spans, "accepted");
	l->accepted.batches = number(r, batches, "accepted");
	for (int i = 0; i < LEDGER_PLACES_N; i++) {
		l->place[i].spans = place(r, spans, (enum ledger_place)i);
		l->place[i].batches = place(r, batches, (enum ledger_place)i);
	}
	l->maybe_duplicate.spans = number(r, twice, "spans");
	l->maybe_duplicate.batches = number(r, twice, "batches");
	/* An agent of an earlier version does not have it. */
	unconfirmed = json_object_get(root, "unconfirmed");
	if (unconfirmed == NULL)
		return;
	l->unconfirmed.spans = number(r, unconfirmed, "spans");
	l->unconfirmed.batches = number(r, unconfirmed, "batches");
}

int ledger_read(struct slice json, struct ledger *l, struct why *why)
{
	struct reader r = { .why = why };
	json_error_t error;
	json_t *root = json_loadb((const char *)json.at, json.len, 0, &error);

	*l = (struct ledger){ 0 };
	if (root == NULL)
		return why_set(why, E_MALFORMED, "the ledger is not JSON: %s", error.text);
	read_all(&r, root, l);
	json_decref(root);
	return r.rc;
}
