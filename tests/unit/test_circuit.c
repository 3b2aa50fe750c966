/* SPDX-License-Identifier: Apache-2.0 */
/* test_circuit.c — the truth table of the circuit, row by row, and the numbers of pace. */
#include <stdlib.h>

#include "policy/circuit.h"
#include "policy/pace.h"
#include "tap.h"

#define MS(n) ((uint64_t)(n)*US_PER_MS)

static struct circuit in_state(enum circuit_state s, uint64_t since)
{
	struct circuit c;

	circuit_init(&c, 0);
	c.state = s;
	c.since = since;
	return c;
}

static void the_truth_table(void)
{
	enum event { TICK, REFUSED, DELIVERED, GIVEN_BACK };
	static const struct {
		const char *name;
		enum circuit_state from;
		enum event event;
		uint64_t now, oldest; /* ms; the state began at 0 */
		enum circuit_state to;
	} rows[] = {
		{ "closed, nothing out", CIRCUIT_CLOSED, TICK, 60000, 0, CIRCUIT_CLOSED },
		{ "closed, a young record out", CIRCUIT_CLOSED, TICK, 10000, 8001, CIRCUIT_CLOSED },
		{ "closed, a record overdue", CIRCUIT_CLOSED, TICK, 10000, 8000, CIRCUIT_OPEN },
		{ "closed, an offer refused", CIRCUIT_CLOSED, REFUSED, 1, 0, CIRCUIT_OPEN },
		{ "closed, delivered", CIRCUIT_CLOSED, DELIVERED, 1, 0, CIRCUIT_CLOSED },
		{ "closed, given back", CIRCUIT_CLOSED, GIVEN_BACK, 1, 0, CIRCUIT_CLOSED },
		{ "open, pause not over", CIRCUIT_OPEN, TICK, 249, 1, CIRCUIT_OPEN },
		{ "open, pause over", CIRCUIT_OPEN, TICK, 250, 1, CIRCUIT_HALF_OPEN },
		{ "open, a late report of delivery", CIRCUIT_OPEN, DELIVERED, 1, 0, CIRCUIT_OPEN },
		{ "open, a late report of failure", CIRCUIT_OPEN, GIVEN_BACK, 1, 0, CIRCUIT_OPEN },
		{ "open, refused", CIRCUIT_OPEN, REFUSED, 1, 0, CIRCUIT_OPEN },
		{ "half open, the probe is out for long", CIRCUIT_HALF_OPEN, TICK, 600000, 1, CIRCUIT_HALF_OPEN },
		{ "half open, delivered", CIRCUIT_HALF_OPEN, DELIVERED, 5, 0, CIRCUIT_CLOSED },
		{ "half open, given back", CIRCUIT_HALF_OPEN, GIVEN_BACK, 5, 0, CIRCUIT_OPEN },
		{ "half open, refused", CIRCUIT_HALF_OPEN, REFUSED, 5, 0, CIRCUIT_OPEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct circuit c = in_state(rows[i].from, 0);
		uint64_t now = MS(rows[i].now);
		bool changed = false;

		switch (rows[i].event) {
		case TICK:
			changed = circuit_tick(&c, now, MS(rows[i].oldest));
			break;
		case REFUSED:
			changed = circuit_offer_refused(&c, now);
			break;
		case DELIVERED:
		case GIVEN_BACK:
			changed =
			        circuit_report(&c, now, rows[i].event == DELIVERED ? CIRCUIT_PASSED : CIRCUIT_REFUSED);
			break;
		}
		ok(c.state == rows[i].to && changed == (rows[i].from != rows[i].to), "%s: %s", rows[i].name,
		        circuit_name(rows[i].to));
	}
}

static void what_is_taken_back_from_the_wire(void)
{
	struct circuit c = in_state(CIRCUIT_OPEN, 0);

	ok(!circuit_reclaims_earlier(&c, MS(60000), 0), "nothing is out");
	ok(!circuit_reclaims_earlier(&c, MS(60000), MS(52001)), "its answer may still come");
	ok(circuit_reclaims_earlier(&c, MS(60000), MS(52000)), "no answer for eight seconds");
	ok(!circuit_reclaims_earlier(&c, MS(60999), MS(1)), "once is enough");
	ok(circuit_reclaims_earlier(&c, MS(61000), MS(1)), "but what is still out a second later is asked for again");
	c.state = CIRCUIT_HALF_OPEN;
	ok(circuit_reclaims_earlier(&c, MS(62000), MS(1)), "a probe that waits behind it is no reason to wait");
	c.state = CIRCUIT_CLOSED;
	ok(!circuit_reclaims_earlier(&c, MS(90000), MS(1)), "while others get through it stays");
}

static void what_may_go_out(void)
{
	struct circuit c = in_state(CIRCUIT_CLOSED, 0);

	ok(circuit_may_send(&c, 0, 1000000), "closed lets everything through");
	c = in_state(CIRCUIT_OPEN, 0);
	ok(!circuit_may_send(&c, MS(5000), 0), "open lets nothing through");
	c = in_state(CIRCUIT_HALF_OPEN, 0);
	ok(circuit_may_send(&c, 0, 0) && !circuit_may_send(&c, 0, 1), "half open lets one probe through");
	ok(circuit_may_send(&c, MS(2000), 1) && !circuit_may_send(&c, MS(2000), 2), "and one more every two seconds");
	ok(!circuit_may_send(&c, MS(3600000), CIRCUIT_PROBES), "up to a bound");
}

/* Each row is a course of events from a closed circuit on: "R500" is a refusal after 500 ms, P one that
 * passes, A an answer about one record only, T a look at the clock. */
static void what_is_evidence_against_the_destination(void)
{
	static const struct {
		const char *name, *course;
		uint64_t oldest; /* ms; of what has no report; 0 none */
		enum circuit_state to;
	} rows[] = {
		{ "two refusals", "R1 R1 T9000", 0, CIRCUIT_CLOSED },
		{ "three at once, just now", "R1 R0 R0 T499", 0, CIRCUIT_CLOSED },
		{ "three, and nothing else for half a second", "R1 R0 R0 T500", 0, CIRCUIT_OPEN },
		{ "a thousand in company, while others pass", "R1 R0 R0 R0 R0 R0 P400 T600", 0, CIRCUIT_CLOSED },
		{ "two before and two after one that passed", "R1 R1 P1 R1 R1 T9000", 0, CIRCUIT_CLOSED },
		{ "one bad record alone in the world", "R1 R1000 R2000 T0", 0, CIRCUIT_OPEN },
		{ "records that can never pass are no refusals", "A1 A1 A1 A1 T9000", 0, CIRCUIT_CLOSED },
		{ "nor do they clear the destination", "R1 A1 R1 A1 R1 A1 T500", 0, CIRCUIT_OPEN },
		{ "one partition is silent, others pass", "P1999 T1 P1999 T1 P1999 T1", 1, CIRCUIT_CLOSED },
		{ "all are silent after one passed", "P1000 T1999 T1", 1, CIRCUIT_OPEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct circuit c = in_state(CIRCUIT_CLOSED, 0);
		const char *at = rows[i].course;
		uint64_t now = 0;

		while (*at != '\0') {
			char what = *at;
			char *end;

			now += MS(strtoul(at + 1, &end, 10));
			at = *end == ' ' ? end + 1 : end;
			if (what == 'T')
				circuit_tick(&c, now, MS(rows[i].oldest));
			else
				circuit_report(&c, now,
				        what == 'P'   ? CIRCUIT_PASSED
				        : what == 'R' ? CIRCUIT_REFUSED
				                      : CIRCUIT_ANSWERED);
		}
		ok(c.state == rows[i].to, "%s: %s", rows[i].name, circuit_name(rows[i].to));
	}
}

static void a_destination_that_refuses_is_an_alarm(void)
{
	struct circuit c = in_state(CIRCUIT_HALF_OPEN, 0);
	uint64_t now = MS(1);

	for (int i = 0; i < 12; i++) {
		ok(circuit_needs_operator(&c) == (i >= CIRCUIT_ALARM_ROUNDS), "%d rounds: %s", i,
		        i >= CIRCUIT_ALARM_ROUNDS ? "an alarm" : "none yet");
		circuit_report(&c, now, CIRCUIT_REFUSED);
		now += c.pause;
		circuit_tick(&c, now, 0);
	}
	is_int(c.pause, 5 * US_PER_S, "the pause has grown to five seconds");
	ok(circuit_report(&c, now, CIRCUIT_PASSED) && !circuit_needs_operator(&c), "one that passes ends it");
}

static void the_state_of_destinations_that_know_their_own(void)
{
	static const struct {
		const char *name;
		bool works;
		uint64_t silence; /* ms */
		bool probes;
		enum circuit_state is;
	} rows[] = {
		{ "one works", true, 0, false, CIRCUIT_CLOSED },
		{ "one works, another is probed", true, 0, true, CIRCUIT_CLOSED },
		{ "one works, and has been silent for a moment", true, 1999, false, CIRCUIT_CLOSED },
		{ "one works, and is silent", true, 2000, false, CIRCUIT_HALF_OPEN },
		{ "none works", false, 0, false, CIRCUIT_OPEN },
		{ "none works, however silent", false, 2000, false, CIRCUIT_OPEN },
		{ "none works, one may be probed", false, 0, true, CIRCUIT_HALF_OPEN },
		{ "none works, the probe is silent", false, 60000, true, CIRCUIT_HALF_OPEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum circuit_state is = circuit_state_of(rows[i].works, MS(rows[i].silence), rows[i].probes);

		ok(is == rows[i].is, "%s: %s", rows[i].name, circuit_name(is));
	}
}

static void a_circuit_follows(void)
{
	static const struct {
		enum circuit_state from, to, becomes;
		bool changed;
		uint64_t opened;
	} rows[] = {
		{ CIRCUIT_CLOSED, CIRCUIT_CLOSED, CIRCUIT_CLOSED, false, 0 },
		{ CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_OPEN, true, 1 },
		{ CIRCUIT_CLOSED, CIRCUIT_HALF_OPEN, CIRCUIT_OPEN, true, 1 },
		{ CIRCUIT_OPEN, CIRCUIT_CLOSED, CIRCUIT_CLOSED, true, 0 },
		{ CIRCUIT_OPEN, CIRCUIT_OPEN, CIRCUIT_OPEN, false, 0 },
		{ CIRCUIT_OPEN, CIRCUIT_HALF_OPEN, CIRCUIT_HALF_OPEN, false, 0 },
		{ CIRCUIT_HALF_OPEN, CIRCUIT_CLOSED, CIRCUIT_CLOSED, true, 0 },
		{ CIRCUIT_HALF_OPEN, CIRCUIT_OPEN, CIRCUIT_OPEN, false, 1 },
		{ CIRCUIT_HALF_OPEN, CIRCUIT_HALF_OPEN, CIRCUIT_HALF_OPEN, false, 0 },
	};
	struct circuit c;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		c = in_state(rows[i].from, 0);
		ok(circuit_follow(&c, MS(7), rows[i].to) == rows[i].changed && c.state == rows[i].becomes &&
		                c.opened == rows[i].opened && c.since == (rows[i].changed ? MS(7) : 0),
		        "%s follows to %s: %s%s", circuit_name(rows[i].from), circuit_name(rows[i].to),
		        circuit_name(c.state), rows[i].changed ? ", a change" : "");
	}
	c = in_state(CIRCUIT_OPEN, 0);
	circuit_follow(&c, MS(1), CIRCUIT_HALF_OPEN);
	ok(circuit_may_send(&c, MS(40000), 20) && !circuit_may_send(&c, MS(40000), 21),
	        "half open: a probe every two seconds, without a bound");
}

static void what_is_stuck_among_others_is_taken_back(void)
{
	struct circuit c = in_state(CIRCUIT_CLOSED, 0);

	ok(!circuit_reclaims_overdue(&c, MS(32000), MS(1), false), "there is room for others: it stays");
	ok(!circuit_reclaims_overdue(&c, MS(90000), MS(82001), true), "its answer may still come");
	ok(circuit_reclaims_overdue(&c, MS(90000), MS(82000), true), "no room: it is taken back");
	ok(!circuit_reclaims_overdue(&c, MS(97999), MS(1), true), "not again at once");
	ok(circuit_reclaims_overdue(&c, MS(98000), MS(1), true), "but eight seconds later");
	ok(circuit_reclaims_overdue(&c, MS(130000), MS(98000), false), "with room after half a minute");
	c.since = MS(181000);
	ok(!circuit_reclaims_overdue(&c, MS(188000), MS(1), true),
	        "closed again just now: what stayed out meanwhile has its time");
	c.state = CIRCUIT_HALF_OPEN;
	ok(!circuit_reclaims_overdue(&c, MS(190000), MS(1), true), "not closed: circuit_reclaims_earlier decides");
}

static void the_backlog_probes_first(void)
{
	struct circuit c = in_state(CIRCUIT_HALF_OPEN, 0);

	ok(!circuit_may_probe_fresh(&c, MS(999)), "half open: the backlog has a second to probe");
	ok(circuit_may_probe_fresh(&c, MS(1000)), "then fresh traffic may");
	c.cause = CIRCUIT_ALL_REFUSED;
	c.opened = 1;
	ok(circuit_may_probe_fresh(&c, 0), "at once in every other round where all is refused");
	c.opened = 2;
	ok(!circuit_may_probe_fresh(&c, 0), "and the backlog first in the others");
	c.state = CIRCUIT_CLOSED;
	ok(circuit_may_probe_fresh(&c, 0), "closed: nothing is a probe");
}

static void a_flapping_sink_is_probed_less_often(void)
{
	struct circuit c;
	uint64_t now = 0;

	circuit_init(&c, now);
	for (int i = 0; i < 5; i++) {
		now += MS(2000);
		circuit_offer_refused(&c, now);
		now += c.pause;
		circuit_tick(&c, now, 0);
		circuit_report(&c, now, CIRCUIT_PASSED);
	}
	is_int(c.pause, US_PER_S, "the pause has grown to its bound");
	circuit_offer_refused(&c, now + MS(10000));
	is_int(c.pause, MS(250), "after a calm time it is small again");
}

static void handing_over_leaves_time_for_two_commits(void)
{
	is_int(pace_handoff_age(MS(100), MS(5)), MS(60), "fast disk: late, with room for a slow moment");
	is_int(pace_handoff_age(MS(100), MS(20)), MS(50), "slower disk: sooner");
	is_int(pace_handoff_age(MS(100), MS(500)), MS(25), "hopeless disk: not before a quarter");
	is_int(pace_handoff_age(0, MS(5)), 0, "no exposure: at once");
	is_int(pace_join_age(MS(60), false), 0, "a sink that is too late: all go together");
	is_int(pace_join_age(MS(60), true), MS(30), "one that keeps up: the older half");
	is_int(pace_commit_estimate(MS(16), MS(1)), MS(15), "a slow commit is remembered");
	is_int(pace_commit_estimate(MS(1), MS(9)), MS(9), "a slower one at once");
}

static void the_window_is_shared(void)
{
	struct pace_load l = { .window = 800, .backlog_most = pace_backlog_most(800, false) };

	l.fresh = 799;
	ok(pace_may_send_fresh(&l), "without a backlog fresh traffic has the whole window");
	l.backlog_waits = true;
	ok(!pace_may_send_fresh(&l), "with one, a sixteenth is the backlog's");
	l.fresh = 749;
	ok(pace_may_send_fresh(&l), "and the rest is not");
	l.backlog = 49;
	ok(pace_may_send_backlog(&l, 100), "the backlog gets its share under full load");
	l.backlog = 50;
	ok(!pace_may_send_backlog(&l, 100), "and no more");
	l.fresh = 0;
	l.backlog = 99;
	ok(pace_may_send_backlog(&l, 100) && !pace_may_send_backlog(&l, 80),
	        "idle capacity is its own, up to the ramp");
	is_int(pace_ramp(PACE_RAMP_FIRST, PACE_RAMP_FIRST - 1, 1 << 24), PACE_RAMP_FIRST, "the ramp waits for proof");
	is_int(pace_ramp(PACE_RAMP_FIRST, PACE_RAMP_FIRST, 1 << 24), 2 * PACE_RAMP_FIRST, "then doubles");
	is_int(pace_ramp(1 << 20, 1 << 20, 1 << 21), 1 << 21, "up to the backlog's most");
	is_int(pace_ramp(1 << 21, 1 << 21, 1 << 21), 1 << 21, "and no further");
	is_int(pace_backlog_most(800, false), 100, "a backlog has an eighth of the window");
	is_int(pace_backlog_most(800, true), 400, "and half where a batch stays with the sink until it is stored");
}

static void reading_pauses_only_as_long_as_the_buffer_allows(void)
{
	is_int(pace_read_pause(0, MS(8), 1 << 20), 8, "little traffic: the longest pause");
	is_int(pace_read_pause(8 << 20, MS(8), 4 << 20), 0, "a flood: none");
	ok(pace_read_pause(200000, MS(8), 212992) == 0, "a small buffer: none");
}

int main(void)
{
	the_truth_table();
	what_is_taken_back_from_the_wire();
	what_may_go_out();
	what_is_evidence_against_the_destination();
	a_destination_that_refuses_is_an_alarm();
	the_state_of_destinations_that_know_their_own();
	a_circuit_follows();
	what_is_stuck_among_others_is_taken_back();
	the_backlog_probes_first();
	a_flapping_sink_is_probed_less_often();
	handing_over_leaves_time_for_two_commits();
	the_window_is_shared();
	reading_pauses_only_as_long_as_the_buffer_allows();
	return tap_done();
}
