/* SPDX-License-Identifier: Apache-2.0 */
/* outage_http.c — an agent without Kafka under 50,000 spans a second, in real time: its collector is away, and then the
 * collector takes spans and its store keeps none of them. The memory stays flat, nothing is called delivered that is
 * not stored, every accepted span is stored in the end, and each repeated one is marked.
 *
 *   campaign/outage_http [--count SECONDS]      how long each of the two outages lasts
 *
 * What the kernel drops at the sockets while this machine is busy with other work was never accepted; it is counted. */
#include <stdio.h>

#include "must.h"
#include "rounds.h"
#include "agent_process.h"
#include "wait.h"

enum {
	SHORT_SECONDS = 5,
	RATE = 50000,
	BATCH = 10,
	FLAT_KB = 8 << 10,  /* that the second half of an outage may add */
	MOST_KB = 64 << 10, /* resident, at any time */
	PATIENCE_S = 300,
};

static struct {
	struct agent_process stage;
	unsigned seconds;
	uint64_t half;                          /* the number at which the second half begins */
	uint64_t first_kb, second_kb, whole_kb; /* most that was resident */
} w;

static uint64_t resident_kb(void)
{
	char path[64];
	unsigned long size, resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)child_pid(w.stage.agent));
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%lu %lu", &size, &resident) != 2)
		rounds_bail("the agent's memory cannot be read");
	fclose(f);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void on_burst(void *arg, uint64_t next)
{
	uint64_t now = resident_kb(), *most = next < w.half ? &w.first_kb : &w.second_kb;

	(void)arg;
	*most = max_u64(*most, now);
	w.whole_kb = max_u64(w.whole_kb, now);
}

static void load_and_see_memory(const char *what)
{
	uint64_t spans = (uint64_t)w.seconds * RATE;

	w.first_kb = w.second_kb = 0;
	w.half = w.stage.next + spans / 2;
	agent_process_send(&w.stage, spans, RATE);
	ok(w.second_kb <= w.first_kb + FLAT_KB,
	        "%s: the memory is flat, %" PRIu64 " kB at most in the first half, %" PRIu64 " kB in the second", what,
	        w.first_kb, w.second_kb);
}

/* Spans that arrived at the sockets and were dropped there. */
static uint64_t dropped(void)
{
	return agent_process_ledger(&w.stage)->kernel_dropped * BATCH;
}

static void all_arrives(const char *what)
{
	const struct ledger *l;
	struct tally_count c;

	ok(agent_process_is_empty(&w.stage), "%s: all leaves the agent", what);
	l = agent_process_ledger(&w.stage);
	c = tally_total(w.stage.tally);
	ok(l->place[LEDGER_DELIVERED].spans == l->accepted.spans,
	        "%s: of %" PRIu64 " accepted spans %" PRIu64 " are delivered", what, l->accepted.spans,
	        l->place[LEDGER_DELIVERED].spans);
	ok(c.stored == l->accepted.spans, "%s: %" PRIu64 " are stored", what, c.stored);
	ok(c.missing <= dropped(), "%s: %" PRIu64 " of %" PRIu64 " are missing, the kernel dropped %" PRIu64, what,
	        c.missing, c.sent, dropped());
	ok(c.duplicates <= w.stage.taken_marked * BATCH, "%s: %" PRIu64 " came twice, %" PRIu64 " batches were marked",
	        what, c.duplicates, w.stage.taken_marked);
}

static void a_collector_is_away(void)
{
	struct why why;

	stub_collector_down(w.stage.rig.stub);
	load_and_see_memory("the collector is away");
	must(stub_collector_up(w.stage.rig.stub, &why), &why);
	all_arrives("the collector is back");
}

static bool is_told(void *arg)
{
	struct buf page = { 0 };
	bool told = agent_process_page(&w.stage, "/health/ready", &page) != 0 &&
	            strstr(buf_cstr(&page), "cannot store them") != NULL;

	(void)arg;
	buf_free(&page);
	return told;
}

static void a_store_is_away(void)
{
	struct stub_store *store = stub_collector_store(w.stage.rig.stub);
	uint64_t failed = stub_store_counts(store)->failed;

	stub_store_set_mode(store, STUB_STORE_AWAY);
	load_and_see_memory("the store is away");
	ok(stub_store_counts(store)->failed > failed, "the collector took spans and lost them");
	ok(agent_process_ledger(&w.stage)->place[LEDGER_DELIVERED].spans <= tally_total(w.stage.tally).stored,
	        "none of them is called delivered");
	ok(agent_process_until(&w.stage, is_told, NULL), "/health says that the store is away");
	stub_store_set_mode(store, STUB_STORE_WORKS);
	all_arrives("the store is back");
}

int main(int argc, char **argv)
{
	struct rounds r = rounds_options(argc, argv, SHORT_SECONDS);

	w.seconds = r.count;
	agent_process_open(&w.stage, AGENT_PROCESS_DIRECT);
	w.stage.patience = PATIENCE_S;
	w.stage.each_burst = on_burst;
	ok(agent_process_start(&w.stage, NULL), "the agent serves");
	w.half = UINT64_MAX;
	agent_process_send(&w.stage, RATE, RATE);
	all_arrives("all is up");
	a_collector_is_away();
	a_store_is_away();
	ok(w.whole_kb <= MOST_KB, "%" PRIu64 " kB were resident at most, at %d span/s", w.whole_kb, RATE);
	agent_process_end(&w.stage);
	return tap_done();
}
