/* SPDX-License-Identifier: Apache-2.0 */
/* confirmer_rig.h — a confirmer, the pages it looks at, and an owner of POSTs who notes what it is told. */
#ifndef CONFIRMER_RIG_H
#define CONFIRMER_RIG_H

#include "clienttest.h"
#include "exporter/confirmer.h"
#include "fakeclock.h"
#include "pageserver.h"

enum { POST = 100, POSTS = 32 };

static struct rig {
	struct loop *loop;
	struct pageserver page;
	struct confirmer *c;
	struct confirm_post posts[POSTS];
	char verdicts[POSTS + 1]; /* a letter each, in order */
	size_t nverdicts, nchanged;
	bool in_call, inside; /* an event came from inside a call */
	bool free_in_verdict;
} r;

static inline void on_verdict(void *arg, struct confirm_post *p, enum confirm_verdict v)
{
	(void)arg, (void)p;
	r.inside |= r.in_call;
	if (r.nverdicts < POSTS)
		r.verdicts[r.nverdicts++] = "SLRG"[v];
	if (r.free_in_verdict) {
		confirmer_free(r.c);
		r.c = NULL;
	}
}

static inline void on_changed(void *arg)
{
	(void)arg;
	r.inside |= r.in_call;
	r.nchanged++;
}

static inline void begin(void)
{
	struct why why;

	memset(&r, 0, sizeof(r));
	if (loop_open(&r.loop, &why) < 0)
		abort();
	pageserver_init(&r.page, r.loop);
}

/* URL of the POSTs, ADDRESS they connect to. */
static inline void open_confirmer_at(
        enum confirmer_mode mode, const char *url, const char *metrics_url, const char *address)
{
	static const char *const secrets[] = { "X-Token: sesame", NULL };
	struct http_client_opts http = { .user = "me", .headers = secrets };
	struct confirmer_events events = { on_verdict, on_changed, NULL };
	struct why why;

	if (confirmer_open(&r.c, r.loop, &http,
	            &(struct confirmer_opts){ .mode = mode,
	                    .collector_url = url,
	                    .metrics_url = metrics_url,
	                    .address = address,
	                    .post_spans = POST,
	                    .attempts = 3 },
	            &events, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
}

static inline void open_confirmer(enum confirmer_mode mode, const char *metrics_url)
{
	char url[128];

	snprintf(url, sizeof(url), "http://me:sesame@%s:14268/api/traces?format=jaeger.thrift", r.page.host);
	open_confirmer_at(mode, url, metrics_url, NULL);
}

static inline void end(void)
{
	ok(!r.inside, "no event came from inside a call");
	ok(r.c == NULL || strstr(confirmer_sentence(r.c), "sesame") == NULL, "no secret in the sentence");
	confirmer_free(r.c);
	pageserver_down(&r.page);
	loop_free(r.loop);
}

/* ---- waiting ---- */

static inline bool is_state(void *arg)
{
	return confirmer_state(r.c) == *(enum confirmer_state *)arg;
}

static inline void wait_state(enum confirmer_state s, const char *name)
{
	bool met = run_until(r.loop, is_state, &s);

	ok(met, "%s: %s", name, confirmer_sentence(r.c));
}

static inline bool has_text(void *arg)
{
	return strstr(confirmer_sentence(r.c), arg) != NULL;
}

static inline void wait_sentence(const char *text)
{
	if (!ok(run_until(r.loop, has_text, (void *)text), "the sentence says \"%s\"", text))
		diag("it says: %s", confirmer_sentence(r.c));
}

static inline void wait_verdicts(const char *all, const char *name)
{
	run_until_count(r.loop, &r.nverdicts, strlen(all));
	is_text(r.verdicts, all, name);
}

static inline uint64_t reads(void)
{
	struct confirmer_stats s;

	confirmer_stats(r.c, &s);
	return s.reads;
}

static inline bool are_reads(void *arg)
{
	return reads() >= *(uint64_t *)arg;
}

/* N more looks have ended. */
static inline void wait_reads(uint64_t n)
{
	n += reads();
	ok(run_until(r.loop, are_reads, &n), "looks at the page");
}

/* ---- the owner ---- */

static inline bool may_send(uint32_t spans)
{
	bool may;

	r.in_call = true;
	may = confirmer_may_send(r.c, spans);
	r.in_call = false;
	return may;
}

static inline void send_post(size_t i)
{
	r.posts[i].spans = POST;
	confirmer_sent(r.c, &r.posts[i]);
}

/* True: done with, blindly. */
static inline bool answer_post(size_t i)
{
	bool done;

	r.page.n.received += POST;
	r.in_call = true;
	done = confirmer_answered(r.c, &r.posts[i]);
	r.in_call = false;
	return done;
}

static inline bool post(size_t i)
{
	send_post(i);
	return answer_post(i);
}

static inline void fail_post(size_t i)
{
	send_post(i);
	r.in_call = true;
	confirmer_unanswered(r.c, &r.posts[i]);
	r.in_call = false;
}

static inline void pass(unsigned seconds)
{
	fakeclock_ahead_us += seconds * US_PER_S;
}

/* A confirmer that has found its page. */
static inline void begin_seeing(void)
{
	begin();
	pageserver_up(&r.page, 0);
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_CONFIRMING, "found");
}

static inline void page_goes_away(void)
{
	pageserver_down(&r.page);
	wait_sentence("cannot be read now");
}

#endif
