/* SPDX-License-Identifier: Apache-2.0 */
/* spool_quarantine.c — lists and exports the records and segments in quarantine/. Both verbs only read, and may run
 * beside an agent. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json_add.h"
#include "spool_verbs.h"
#include "status_text.h"
#include "base/units.h"

static int list_quarantine(
        const struct spool_call *c, struct spool_inspect *l, struct spool_quarantined **list, size_t *n)
{
	int rc = spool_inspect_quarantine(l, list, n);
	struct why why;

	if (rc == 0)
		return 0;
	why_set(&why, rc, "%s/quarantine: %s", c->set->directory, err_text(rc));
	return spool_fail(c, &why);
}

/* json_add_text replaces invalid UTF-8: cause and detail may contain a collector's response. */
static json_t *item_as_json(const struct spool_quarantined *k, const char *host)
{
	json_t *o = json_object();
	char id[320];

	json_add_text(&o, "name", k->name);
	json_add_text(&o, "kind", k->is_record ? "record" : "segment");
	json_add_count(&o, "bytes", k->bytes);
	if (k->rc < 0)
		json_add_text(&o, "error", err_text(k->rc));
	if (!k->is_record || k->rc < 0)
		return o;
	snprintf(id, sizeof(id), "%s/%" PRIu64 "/%" PRIu64, host, k->boot, k->sequence);
	json_add_text(&o, "id", id);
	json_add(&o, "received", spool_moment(k->received_ms));
	json_add_count(&o, "spans", k->spans);
	json_add(&o, "maybe_duplicate", json_boolean(k->maybe_dup));
	json_add_text(&o, "cause", k->cause);
	json_add_text(&o, "detail", k->detail);
	return o;
}

static json_t *as_json(const struct spool_quarantined *list, size_t n, const char *host)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(all, item_as_json(&list[i], host)) == 0)
			continue;
		json_decref(all);
		return NULL;
	}
	return all;
}

static void print_item(const struct spool_quarantined *k)
{
	char size[32], received[40];

	printf("%-44s %10s  ", k->name, units_print_size(k->bytes, size, sizeof(size)));
	if (!k->is_record || k->rc < 0) {
		puts(k->is_record ? err_text(k->rc) : "a segment");
		return;
	}
	printf("%s, %" PRIu32 " spans, ", units_print_time(k->received_ms, received, sizeof(received)), k->spans);
	status_text_plain(k->cause, stdout);
	fputs(": ", stdout);
	status_text_plain(k->detail, stdout);
	putchar('\n');
}

int spool_quarantine_ls(const struct spool_call *c)
{
	struct spool_quarantined *list;
	struct spool_inspect *l;
	int rc = spool_open_as(c, SPOOL_INSPECT_LIVE, &l);
	size_t n;

	if (rc != 0)
		return rc;
	rc = list_quarantine(c, l, &list, &n);
	if (rc == 0 && c->set->json)
		rc = spool_print(c, as_json(list, n, spool_inspect_summary(l)->host));
	for (size_t i = 0; rc == 0 && !c->set->json && i < n; i++)
		print_item(&list[i]);
	if (rc == 0 && !c->set->json && n == 0)
		printf("no record and no segment is in quarantine\n");
	free(list);
	spool_inspect_close(l);
	return rc;
}

/* ---- export ---- */

bool spool_is_named(const struct spool_call *c, const char *name)
{
	for (int i = 0; i < c->nnames; i++)
		if (strcmp(c->names[i], name) == 0)
			return true;
	return false;
}

int spool_names_are_there(const struct spool_call *c, const struct spool_quarantined *list, size_t n, struct why *why)
{
	for (int i = 0; i < c->nnames; i++) {
		size_t k = 0;

		while (k < n && strcmp(list[k].name, c->names[i]) != 0)
			k++;
		if (k == n)
			return why_set(why, E_MISSING, "there is no \"%.80s\" in %s/quarantine", c->names[i],
			        c->set->directory);
	}
	return 0;
}

static int export_record(struct spool_outlet *o, struct spool_inspect *l, const struct spool_quarantined *k)
{
	struct batch *b;
	int rc = spool_inspect_quarantined_batch(l, k->name, &b, &o->why);

	if (rc < 0)
		return rc;
	rc = spool_outlet_put(o, b);
	batch_unref(&b);
	return rc;
}

static int export_segment(struct spool_outlet *o, struct spool_inspect *l, const struct spool_quarantined *k)
{
	struct spool_item item;
	int rc = spool_inspect_begin_quarantined(l, k->name, &o->why);

	while (rc == 0) {
		rc = spool_inspect_next(l, &item);
		if (rc == E_END)
			return 0;
		if (rc < 0)
			return why_set(&o->why, rc, "%s: %s", k->name, err_text(rc));
		if (item.batch != NULL)
			rc = spool_outlet_put(o, item.batch);
		batch_unref(&item.batch);
	}
	return rc;
}

/* Exports the named files, or all. Without names an unreadable record is reported and skipped; a named one fails. */
static int export_all(const struct spool_call *c, struct spool_outlet *o, struct spool_inspect *l)
{
	struct spool_quarantined *list;
	size_t n;
	int rc = spool_inspect_quarantine(l, &list, &n);

	if (rc < 0)
		return why_set(&o->why, rc, "%s/quarantine: %s", c->set->directory, err_text(rc));
	rc = spool_names_are_there(c, list, n, &o->why);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (c->nnames > 0 && !spool_is_named(c, list[i].name))
			continue;
		if (list[i].rc < 0 && c->nnames == 0) {
			fprintf(stderr, "quarantine/%s: %s\n", list[i].name, err_text(list[i].rc));
			continue;
		}
		rc = (list[i].is_record ? export_record : export_segment)(o, l, &list[i]);
	}
	free(list);
	return rc;
}

int spool_quarantine_export(const struct spool_call *c)
{
	struct spool_outlet out;
	struct spool_inspect *l;
	int rc = spool_open_as(c, SPOOL_INSPECT_LIVE, &l), status;

	if (rc != 0)
		return rc;
	rc = spool_outlet_open(&out, c, spool_inspect_summary(l)->host);
	if (rc == 0)
		rc = export_all(c, &out, l);
	status = spool_outlet_close(&out) < 0 || rc < 0 ? spool_fail(c, &out.why) : EXIT_FINE;
	spool_inspect_close(l);
	return status;
}
