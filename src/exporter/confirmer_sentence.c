/* SPDX-License-Identifier: Apache-2.0 */
/* confirmer_sentence.c — describes the state of the confirmer for an operator. */
#include <inttypes.h>

#include "confirmer_internal.h"

static const char blind[] = "the store behind this collector cannot be seen";
static const char means[] = "delivered means answered 202";

static void describe_seeing(struct confirmer *c)
{
	const char *url = pages_url(c->pages);
	uint64_t lost = c->policy.stats.lost;
	struct buf *b = &c->sentence;

	if (c->away_us != 0) {
		buf_text(b, "the collector's counters cannot be read now (");
		pages_faults(c->pages, b);
		buf_text(b, "): spans that it answered with 202 wait for confirmation");
	} else if (c->policy.state == CONFIRM_NO_STORE) {
		buf_printf(b,
		        "the collector accepts spans and cannot store them: its store has refused "
		        "or "
		        "lost %" PRIu64 " spans and takes none (%s); they are sent again when it does",
		        lost, url);
	} else if (c->policy.state == CONFIRM_LOSING) {
		buf_printf(b,
		        "the collector loses spans behind its 202 (%" PRIu64 " so far, %s): they are "
		        "sent again, %" PRIu64 " spans at a time",
		        lost, url, c->policy.window);
	} else {
		buf_printf(b, "deliveries are confirmed by the collector's counters (%s)", url);
	}
}

static void describe_option(struct confirmer *c)
{
	if (!c->named)
		buf_text(&c->sentence, "; --collector.metrics-url names the page");
}

static void describe_blind(struct confirmer *c)
{
	struct buf *b = &c->sentence;

	if (c->mode == CONFIRMER_OFF) {
		buf_printf(b, "deliveries are not confirmed (--collector.confirm=off): %s", means);
		return;
	}
	if (c->foreign) {
		buf_printf(b,
		        "%s: %s is the page of another instance, or of several behind a balancer, "
		        "for "
		        "what was sent does not show in it: %s",
		        blind, pages_url(c->pages), means);
	} else {
		buf_printf(b, "%s (", blind);
		pages_faults(c->pages, b);
		buf_printf(b, "): %s", means);
	}
	describe_option(c);
}

static void describe_stopped(struct confirmer *c)
{
	struct buf *b = &c->sentence;

	buf_printf(b, "nothing is sent, as --collector.confirm=require says: %s (", blind);
	if (c->foreign)
		buf_printf(
		        b, "what was sent does not show in %s: another instance's, or a balancer", pages_url(c->pages));
	else
		pages_faults(c->pages, b);
	buf_text(b, ")");
	describe_option(c);
}

void confirmer_describe(struct confirmer *c)
{
	buf_clear(&c->sentence);
	switch (c->state) {
	case CONFIRMER_STARTING:
		buf_printf(&c->sentence, "looking for the collector's counters (%s%s)", pages_url(c->pages),
		        c->named ? "" : ", and port 8888");
		break;
	case CONFIRMER_CONFIRMING:
		describe_seeing(c);
		break;
	case CONFIRMER_BLIND:
		describe_blind(c);
		break;
	case CONFIRMER_STOPPED:
		describe_stopped(c);
		break;
	}
}

const char *confirmer_sentence(const struct confirmer *c)
{
	return buf_cstr((struct buf *)&c->sentence);
}
