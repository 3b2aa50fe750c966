/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_read.c — reads the number of each of the ledger's keys from the JSON object. */
#include <jansson.h>

#include "admin/ledger_read.h"

/* Keeps the first error. */
struct ledger_reader {
	struct why *why;
	int rc;
};

static json_t *get_member(struct ledger_reader *r, json_t *in, const char *key)
{
	json_t *found = json_object_get(in, key);

	if (found == NULL && r->rc == 0)
		r->rc = why_set(r->why, E_MALFORMED, "the ledger has no \"%s\"", key);
	return found;
}

static uint64_t get_number(struct ledger_reader *r, json_t *in, const char *key)
{
	json_t *found = get_member(r, in, key);

	if (found == NULL)
		return 0;
	if ((!json_is_integer(found) || json_integer_value(found) < 0) && r->rc == 0)
		r->rc = why_set(r->why, E_MALFORMED, "the ledger's \"%s\" is no count", key);
	return (uint64_t)json_integer_value(found);
}

static uint64_t get_place(struct ledger_reader *r, json_t *of, enum ledger_place p)
{
	json_t *in = p >= LEDGER_DROPPED_FIRST ? get_member(r, of, "dropped") : of;

	return get_number(r, in, ledger_place_names[p]);
}

static void read_datagrams(struct ledger_reader *r, json_t *from, struct ledger *l)
{
	l->received = get_number(r, from, "received");
	l->kernel_dropped = get_number(r, from, "kernel_dropped");
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		l->outcome[i] = get_number(r, from, ledger_outcome_names[i]);
}

static void read_all(struct ledger_reader *r, json_t *root, struct ledger *l)
{
	json_t *spans = get_member(r, root, "spans"), *batches = get_member(r, root, "batches");
	json_t *maybe_duplicate = get_member(r, root, "maybe_duplicate"), *unconfirmed;

	l->boots = get_number(r, root, "boots");
	l->unclean_stops = get_number(r, root, "unclean_stops");
	read_datagrams(r, get_member(r, root, "datagrams"), l);
	l->accepted.spans = get_number(r, spans, "accepted");
	l->accepted.batches = get_number(r, batches, "accepted");
	for (int i = 0; i < LEDGER_PLACES_N; i++) {
		l->place[i].spans = get_place(r, spans, (enum ledger_place)i);
		l->place[i].batches = get_place(r, batches, (enum ledger_place)i);
	}
	l->maybe_duplicate.spans = get_number(r, maybe_duplicate, "spans");
	l->maybe_duplicate.batches = get_number(r, maybe_duplicate, "batches");
	/* Absent in an agent of an earlier version. */
	unconfirmed = json_object_get(root, "unconfirmed");
	if (unconfirmed == NULL)
		return;
	l->unconfirmed.spans = get_number(r, unconfirmed, "spans");
	l->unconfirmed.batches = get_number(r, unconfirmed, "batches");
}

int ledger_read(struct slice json, struct ledger *l, struct why *why)
{
	struct ledger_reader r = { .why = why };
	json_error_t error;
	json_t *root = json_loadb((const char *)json.at, json.len, 0, &error);

	*l = (struct ledger){ 0 };
	if (root == NULL)
		return why_set(why, E_MALFORMED, "the ledger is not JSON: %s", error.text);
	read_all(&r, root, l);
	json_decref(root);
	return r.rc;
}
