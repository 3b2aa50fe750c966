/* SPDX-License-Identifier: Apache-2.0 */
/* answers_names.c — a collector whose name has no address, from the start or from some moment on, because it is unknown or
 * because no name server answers; then the same address again, another one, or several. An operator is called, nothing is
 * blamed on a batch, and all goes on by itself. */
#include <config.h>

#include "answers.h"
#include "resolver.h"

enum { BATCHES = 40, LOOKUP_MS = 20 };

static const char *const here[] = { "127.0.0.1", NULL };
static const char *const there[] = { "127.0.0.2", NULL };
static const char *const both[] = { "127.0.0.1", "127.0.0.2", NULL };
/* The last is first. Nothing listens at ::1, and no route leads to the other address. */
static const char *const dead_v6[] = { "127.0.0.1", "::1", NULL };
static const char *const several_dead_v6[] = { "127.0.0.1", "127.0.0.2", "100::1", "::1", NULL };

static const struct {
	int code;
	const char *says; /* in glibc's words */
} failures[] = {
	{ EAI_NONAME, "Name or service not known" },
	{ EAI_AGAIN, "Temporary failure in name resolution" },
	{ EAI_FAIL, "Non-recoverable failure in name resolution" },
};
static const char *const *const returns[] = { here, there, both, dead_v6, several_dead_v6 };
enum { FAILURES = ARRAY_LEN(failures), RETURNS = ARRAY_LEN(returns), BEGINNINGS = 2 };

/* Connections end with each answer, so that each POST needs the name or what is remembered of it. */
static void close_each(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	(void)g, (void)r;
	if (act->answer.shape == SCHEMA_PLAIN)
		act->answer.shape = SCHEMA_CLOSING;
}

static void add_batches(struct answers *g)
{
	answers_add_good(g, BATCHES, 2, answers_dice(g, 2) == 0);
	book_add(&g->book, "bad", 1, (enum poison)(1 + answers_dice(g, POISON_KINDS)));
}

static void run_names(struct trial *t, void *arg)
{
	uint64_t n = t->number;
	bool known_first = n % BEGINNINGS == 1;
	size_t failure = n / BEGINNINGS % FAILURES;
	const char *const *back = returns[n / BEGINNINGS / FAILURES % RETURNS];
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	g.name = "collector.test";
	g.one_port = true;
	g.script = close_each;
	g.opts.lookup_ms = LOOKUP_MS;
	resolver.failure = failures[failure].code;
	resolver_answer(known_first ? here : NULL);
	answers_open(&g);
	add_batches(&g);
	if (known_first) {
		answers_run(&g);
		resolver_answer(NULL);
	}
	answers_until_blocked(&g, failures[failure].says);
	add_batches(&g);
	resolver_answer(back);
	answers_run(&g);
	if (exporter_state(g.exporter) != EXPORTER_SENDING)
		book_wrong(&g.book, "the name has addresses again, and the exporter does not send: %s",
		        exporter_fault(g.exporter));
	answers_close(&g);
}

const struct answers_part answers_names = { "names", (uint64_t)BEGINNINGS *FAILURES *RETURNS, 40, run_names };
