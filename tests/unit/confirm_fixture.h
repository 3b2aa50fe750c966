/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_fixture.h — the policy of confirmation before a page that the test writes. */
#ifndef CONFIRM_FIXTURE_H
#define CONFIRM_FIXTURE_H

#include "policy/confirm.h"
#include "tap.h"

enum { POST = 100, MARGIN = 40, EVERY_US = 200000, MOST = 64 };

static struct confirm c;
static struct confirm_post posts[MOST];
static struct confirm_counters page; /* of the collector; its next reading gives this */
static uint64_t now_us;

/* The verdicts of DECIDED, in one letter each. */
static const char *letters(struct list *decided)
{
	static char said[MOST + 1];
	size_t n = 0;

	list_each_safe (node, decided) {
		struct confirm_post *p = container_of(node, struct confirm_post, link);

		said[n++] = "SLRG"[p->verdict];
		list_remove(node);
	}
	said[n] = '\0';
	return said;
}

/* What a reading of PAGE says. */
static const char *read_page(void)
{
	struct confirm_reading r = { page, now_us, now_us + 10 };
	struct list decided;

	list_init(&decided);
	confirm_read(&c, &r, &decided);
	now_us += 1000;
	return letters(&decided);
}

static void begin(uint64_t capacity)
{
	memset(posts, 0, sizeof(posts));
	now_us = 1000000;
	page = (struct confirm_counters){ .process = 7, .capacity = capacity, .overtake = MARGIN };
	confirm_init(&c, &(struct confirm_opts){ .post_spans = POST, .attempts = 3, .read_every_us = EVERY_US });
	read_page();
}

/* Sent, and taken by the collector with 2xx. */
static void post(size_t i)
{
	posts[i].spans = POST;
	confirm_sent(&c, &posts[i]);
	page.received += POST;
	confirm_answered(&c, &posts[i], now_us++);
}

#endif
