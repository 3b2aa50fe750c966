/* SPDX-License-Identifier: Apache-2.0 */
/* rig.c — the servers, and the children between them: started, asked, stopped. rig_options.c has their options. */
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "testkit/rig.h"
#include "testkit/workdir.h"

enum { CONNECTIONS = 4, LOOK_MS = 10, RESPONSE_MS = 5000, PAGE_BYTES = 1 << 20, KILLED_MS = 20000 };

static void stop_loop(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

static int open_kafka(struct rig *r, const struct rig_opts *o, struct why *why)
{
	if (kafka_mock_open(&r->kafka, o->brokers, why) < 0)
		return why->code;
	for (const struct rig_topic *t = o->topics; t < o->topics + RIG_TOPICS && t->name != NULL; t++)
		if (kafka_mock_topic(r->kafka, t->name, t->partitions) < 0)
			return why_set(why, E_IO, "the mock cluster takes no topic %s", t->name);
	return 0;
}

int rig_open(struct rig *r, struct loop *l, const struct rig_opts *o, struct why *why)
{
	struct http_client_opts client = { .max_connections = CONNECTIONS };

	*r = (struct rig){ .loop = l };
	if (workdir_make(&r->directory, o->name, why) < 0)
		return why->code;
	if (timer_open(&r->pause, l, stop_loop, r) < 0)
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	if (o->brokers > 0 && open_kafka(r, o, why) < 0)
		return why->code;
	if (o->collector != NULL && stub_collector_open(&r->stub, l, o->collector, why) < 0)
		return why->code;
	return http_client_open(&r->client, l, &client, why);
}

void rig_close(struct rig *r, bool keep)
{
	http_client_free(r->client);
	stub_collector_free(r->stub);
	kafka_mock_free(r->kafka);
	timer_free(r->pause);
	if (r->directory != NULL && !keep)
		workdir_remove(r->directory);
	free(r->directory);
	*r = (struct rig){ .loop = r->loop };
}

void rig_path(const struct rig *r, const char *name, char to[PATH_MAX])
{
	snprintf(to, PATH_MAX, "%s/%s", r->directory, name);
}

int rig_start(const struct rig *r, struct child **c, const char *program, const struct rig_options *o, const char *log,
        struct why *why)
{
	char path[PATH_MAX];
	struct child_opts child = { .program = program,
		.argv = o->argv,
		.log = path,
		.bare = true,
		.variables = r->variables,
		.sockets = r->sockets,
		.nsockets = r->nsockets };

	rig_path(r, log, path);
	child_free(*c);
	*c = NULL;
	return child_start(c, &child, why);
}

/* ---- asking ---- */

struct request {
	struct loop *loop;
	struct buf *body; /* or NULL */
	int status;
	bool over;
};

static void on_answer(void *arg, const struct http_answer *a)
{
	struct request *q = arg;

	q->over = true;
	q->status = a->failure == HTTP_ANSWERED ? a->status : 0;
	if (q->body != NULL)
		buf_add(q->body, a->body.at, a->body.len);
	loop_stop(q->loop);
}

int rig_get(struct rig *r, uint16_t admin, const char *path, struct buf *to)
{
	char url[128];
	struct request q = { .loop = r->loop, .body = to };
	struct http_request o = { .url = url, .connect_ms = RESPONSE_MS, .total_ms = RESPONSE_MS, .keep = PAGE_BYTES };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", admin, path);
	if (http_client_send(r->client, &o, on_answer, &q) < 0)
		return 0;
	while (!q.over)
		loop_run(r->loop);
	return q.status;
}

/* ---- waiting ---- */

bool rig_until(struct rig *r, bool (*cond)(void *arg), void *arg, uint64_t seconds)
{
	uint64_t deadline = clock_mono_us() + seconds * US_PER_S;

	while (!cond(arg)) {
		if (clock_mono_us() > deadline)
			return false;
		timer_start(r->pause, LOOK_MS);
		loop_run(r->loop);
		timer_stop(r->pause); /* another callback may have stopped the loop */
	}
	return true;
}

struct serving {
	struct rig *rig;
	struct child *child;
	uint16_t admin;
};

static bool has_ended(void *arg)
{
	return !child_running(arg);
}

static bool serves_or_ended(void *arg)
{
	struct serving *s = arg;

	return has_ended(s->child) || rig_get(s->rig, s->admin, "/", NULL) == 200;
}

bool rig_is_ready(struct rig *r, struct child *c, uint16_t admin, uint64_t seconds)
{
	struct serving s = { r, c, admin };

	return rig_until(r, serves_or_ended, &s, seconds) && child_running(c);
}

int rig_stop(struct rig *r, struct child *c, uint64_t seconds)
{
	child_signal(c, SIGTERM);
	return rig_until(r, has_ended, c, seconds) ? child_status(c) : -1;
}

int rig_kill(struct child *c)
{
	child_signal(c, SIGKILL);
	return child_wait(c, KILLED_MS);
}

/* ---- the drain's ledger ---- */

static int64_t number(const json_t *of, const char *key)
{
	return json_integer_value(json_object_get(of, key));
}

static struct rig_drained read_side(const json_t *side)
{
	return (struct rig_drained){
		.read = number(side, "read"),
		.delivered = number(side, "delivered"),
		.quarantined = number(side, "quarantined"),
		.in_flight = number(side, "in_flight"),
		.skipped_empty = number(side, "skipped_empty"),
		.handed_on = number(side, "handed_on"),
		.late = number(side, "late"),
		.lost_to_retention = number(side, "lost_to_retention"),
	};
}

static bool balances(const struct rig_drained *n)
{
	return n->read == n->delivered + n->quarantined + n->in_flight + n->skipped_empty;
}

int rig_read_drain_ledger(struct slice json, struct rig_drain_ledger *l, struct why *why)
{
	json_t *root = json_loadb((const char *)json.at, json.len, 0, NULL);
	const json_t *unconfirmed = json_object_get(root, "unconfirmed");
	bool whole = json_object_get(root, "records") != NULL && json_object_get(root, "spans") != NULL;

	*l = (struct rig_drain_ledger){
		.records = read_side(json_object_get(root, "records")),
		.spans = read_side(json_object_get(root, "spans")),
		.unconfirmed_records = number(unconfirmed, "records"),
		.unconfirmed_spans = number(unconfirmed, "spans"),
	};
	json_decref(root);
	if (!whole)
		return why_set(why, E_MALFORMED, "the drain's ledger cannot be read");
	if (!balances(&l->records) || !balances(&l->spans))
		return why_set(why, E_MALFORMED, "the drain's ledger does not balance: %.*s", (int)json.len, json.at);
	return 0;
}
