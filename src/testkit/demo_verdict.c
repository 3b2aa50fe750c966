/* SPDX-License-Identifier: Apache-2.0 */
/* demo_verdict.c — decides which promises were broken. Pure: reads counts and adds messages to BROKEN. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "demo.h"

enum { CYCLE_MS = 100 }; /* longer than a commit cycle on a healthy disk */

void demo_add_broken(struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->nbroken == DEMO_BROKEN)
		return;
	va_start(ap, fmt);
	vsnprintf(d->broken[d->nbroken++], sizeof(d->broken[0]), fmt, ap);
	va_end(ap);
}

struct tally_count demo_count(const struct demo *d, size_t phase)
{
	return tally_range(d->tally, d->results[phase].first, d->results[phase].end);
}

/* The agent writes its ledger to a mapped file once a turn of the loop, so after its restart it knows exactly which spans
 * it had in memory only: it answers for no others. That they are no more than the exposure's is the second bound. */
uint64_t demo_allowed(const struct demo *d)
{
	uint64_t most = d->opts.exposure_us > 0 ? d->kill.in_window : UINT64_MAX;

	return d->kill.in_socket + min_u64(d->kill.in_memory, most);
}

static void judge_phase(struct demo *d, size_t i)
{
	const struct demo_phase *p = &demo_plan[i];
	struct tally_count c = demo_count(d, i);

	if (d->results[i].unmet)
		demo_add_broken(d, "phase %zu (%s) was not over in time", i + 1, p->name);
	if (c.missing > 0 && !p->may_lose)
		demo_add_broken(d, "phase %zu (%s) lost %" PRIu64 " spans", i + 1, p->name, c.missing);
	if (c.duplicates > 0 && !p->may_repeat)
		demo_add_broken(d, "phase %zu (%s) repeated %" PRIu64 " spans, with nothing cut off", i + 1, p->name,
		        c.duplicates);
	if (c.missing > 0 && p->may_lose && c.missing > demo_allowed(d))
		demo_add_broken(d, "the SIGKILL cost %" PRIu64 " spans, and %" PRIu64 " are allowed", c.missing,
		        demo_allowed(d));
	/* Only the spans sent last before the kill may be lost. Datagrams alternate between the two ports, so the
	 * unread spans of one port reach back twice as far: in_socket is added once more. */
	if (c.missing > 0 && p->may_lose) {
		uint64_t oldest = tally_first_missing(d->tally, d->results[i].first, d->results[i].end);

		if (oldest + demo_allowed(d) + d->kill.in_socket < d->kill.end)
			demo_add_broken(d, "span %" PRIu64 " was lost, %" PRIu64 " before the SIGKILL", oldest,
			        d->kill.end - oldest);
		if (oldest >= d->kill.end)
			demo_add_broken(d, "span %" PRIu64 " was lost after the SIGKILL", oldest);
	}
}

/* With an exposure only its spans may be in memory only, without one only those of the current commit cycle. */
static void judge_memory(struct demo *d)
{
	uint64_t most = d->opts.rate * CYCLE_MS / 1000;

	if (d->opts.exposure_us > 0 && d->kill.in_memory > d->kill.in_window)
		demo_add_broken(d,
		        "%" PRIu64 " spans were in memory only at the SIGKILL, and the exposure allows %" PRIu64,
		        d->kill.in_memory, d->kill.in_window);

	if (d->opts.exposure_us == 0 && d->kill.in_memory > most)
		demo_add_broken(d, "%" PRIu64 " spans were read and not committed, more than %d ms of them",
		        d->kill.in_memory, CYCLE_MS);
}

static void judge_ledger(struct demo *d)
{
	const struct ledger *l = &d->ledger;
	struct tally_count all = tally_total(d->tally);
	uint64_t left = l->place[LEDGER_IN_FLIGHT].spans + l->place[LEDGER_IN_SPOOL].spans;
	uint64_t lost = l->place[LEDGER_QUARANTINED].spans;

	for (int p = LEDGER_DROPPED_FIRST; p < LEDGER_PLACES_N; p++)
		lost += l->place[p].spans;
	if (left > 0)
		demo_add_broken(d, "the agent still holds %" PRIu64 " spans", left);
	if (lost > 0)
		demo_add_broken(d, "the agent's ledger says that %" PRIu64 " spans were dropped or quarantined", lost);
	if (l->kernel_dropped > 0)
		demo_add_broken(
		        d, "the kernel dropped %" PRIu64 " datagrams at the agent's sockets", l->kernel_dropped);
	if (l->accepted.spans > all.sent)
		demo_add_broken(d, "the agent accepted %" PRIu64 " spans, and %" PRIu64 " were sent", l->accepted.spans,
		        all.sent);
	if (l->place[LEDGER_DELIVERED].spans > all.stored)
		demo_add_broken(d, "the agent's ledger says %" PRIu64 " delivered, and %" PRIu64 " are stored",
		        l->place[LEDGER_DELIVERED].spans, all.stored);
	if (d->drained.quarantined > 0)
		demo_add_broken(d, "the drain quarantined %" PRId64 " records", d->drained.quarantined);
}

void demo_judge(struct demo *d)
{
	for (size_t i = 0; i <= d->phase; i++)
		judge_phase(d, i);
	if (d->phase + 1 < demo_phases)
		demo_add_broken(d, "it ended in phase %zu (%s)", d->phase + 1, demo_plan[d->phase].name);
	judge_memory(d);
	judge_ledger(d);
	if (tally_strays(d->tally) > 0)
		demo_add_broken(d, "%" PRIu64 " spans arrived that nobody sent", tally_strays(d->tally));
}
