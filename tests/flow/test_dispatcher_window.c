/* SPDX-License-Identifier: Apache-2.0 */
/* test_dispatcher_window.c — how much of a backlog the dispatcher lets the sink have at once: more where a batch stays with the
 * sink until its spans are stored. */
#include "agent/dispatcher.h"
#include "tap.h"

enum { WINDOW = 1 << 20, MOST = 1 << 12 };

static struct batch *out[MOST]; /* that the sink has */
static size_t nout;
static size_t unreleased; /* of those, when the dispatcher is gone */

static enum sink_answer take(struct sink *s, struct batch *b)
{
	(void)s;
	out[nout++] = b;
	return SINK_TOOK;
}

/* Bytes of a backlog that the dispatcher lets a sink have which reports nothing. */
static uint64_t lets_backlog(bool stored)
{
	static const struct sink_ops ops = { .offer = take };
	struct dispatcher_opts opts = { .window_bytes = WINDOW, .stored = stored, .sink_name = "sink" };
	static struct health health;
	struct sink sink = { .ops = &ops };
	enum sink_answer answer;
	uint64_t bytes = 0;
	struct dispatcher *g;

	if (dispatcher_open(&g, &opts, &health) < 0)
		exit(99);
	dispatcher_set_sink(g, &sink);
	dispatcher_set_backlog(g, true);
	do {
		struct agent_batch *b = agent_batch_new(1000);

		if (b == NULL)
			exit(99);
		b->backlog = true;
		answer = dispatcher_offer(g, b);
		bytes += answer == SINK_TOOK ? b->batch.cost : 0;
		agent_batch_unref(&b);
	} while (answer == SINK_TOOK && nout < MOST);
	for (size_t i = 0; i < nout; i++)
		batch_ref(out[i]);
	dispatcher_free(g);
	for (; nout > 0; batch_unref(&out[nout]))
		unreleased += out[--nout]->refs != 1;
	return bytes;
}

static bool is_about(uint64_t got, uint64_t want)
{
	return got >= want && got < want + 8192;
}

int main(void)
{
	ok(is_about(lets_backlog(false), WINDOW / 8),
	        "a sink that reports what it delivered has an eighth of its window in backlog");
	ok(is_about(lets_backlog(true), WINDOW / 2), "one that reports what is stored has half");
	is_int(unreleased, 0, "what it never reported is released with the dispatcher");
	return tap_done();
}
