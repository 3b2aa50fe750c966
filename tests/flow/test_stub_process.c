/* SPDX-License-Identifier: Apache-2.0 */
/* test_stub_process.c — the stub collector as a process obeys its lines and counts what came. */
#include "batchmake.h"
#include "http/client.h"
#include "looptest.h"
#include "mockproc.h"

struct talk {
	struct mockproc proc;
	struct loop *loop;
	struct http_client *client;
	struct buf batch;
	char url[1200];
	size_t answers;
	int status;
	int64_t retry_after_ms;
};

static void on_answer(void *arg, const struct http_answer *a)
{
	struct talk *t = arg;

	t->answers++;
	t->status = a->status;
	t->retry_after_ms = a->retry_after_ms;
}

/* Sends N spans of one trace each, from trace FIRST on. */
static int send_traces(struct talk *t, uint64_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct http_request r = { .url = t->url, .content_type = "application/x-thrift" };
		size_t before = t->answers;

		buf_clear(&t->batch);
		batchmake(&t->batch, "shop", first + i, 1, 1);
		r.body = buf_slice(&t->batch);
		if (http_client_send(t->client, &r, on_answer, t) < 0)
			abort();
		run_until_count(t->loop, &t->answers, before + 1);
	}
	return t->status;
}

static void counts_are(struct talk *t, const char *want, const char *name)
{
	char got[512];

	mockproc_ask(&t->proc, "counts", got, sizeof(got));
	is_text(got, want, name);
}

static void it_obeys_and_counts(void)
{
	struct talk t = { 0 };
	char got[256];
	struct why why;

	mockproc_start_program(&t.proc, "stubcollector", NULL);
	snprintf(t.url, sizeof(t.url), "%s/api/traces", t.proc.brokers);
	if (loop_open(&t.loop, &why) < 0 ||
	        http_client_open(&t.client, t.loop, &(struct http_client_opts){ 0 }, &why) < 0)
		abort();
	counts_are(&t,
	        "{\"total\":0,\"unique\":0,\"duplicate\":0,\"requests\":0,\"taken\":0,\"refused\":"
	        "0,"
	        "\"scripted\":0,\"unanswered\":0}",
	        "nothing yet");
	is_int(send_traces(&t, 0, 3000), 202, "3000 traces, id 0 among them");
	is_int(send_traces(&t, 2990, 20), 202, "20 more, 10 of them again");
	counts_are(&t,
	        "{\"total\":3020,\"unique\":3010,\"duplicate\":10,\"requests\":3020,\"taken\":3020,"
	        "\"refused\":0,"
	        "\"scripted\":0,\"unanswered\":0}",
	        "total, unique and duplicate");
	send_traces(&t, 0, 1);
	mockproc_say(&t.proc, "status 429 1 3");
	ok(send_traces(&t, 1, 1) == 429 && t.retry_after_ms == 3000, "a status on order");
	mockproc_say(&t.proc, "swallow 1");
	is_int(send_traces(&t, 9000, 1), 0, "an answer swallowed");
	mockproc_say(&t.proc, "down");
	is_int(send_traces(&t, 9001, 1), 0, "down");
	mockproc_say(&t.proc, "up");
	is_int(send_traces(&t, 9002, 1), 202, "up");
	counts_are(&t,
	        "{\"total\":3023,\"unique\":3012,\"duplicate\":11,\"requests\":3024,\"taken\":3023,"
	        "\"refused\":0,"
	        "\"scripted\":1,\"unanswered\":1}",
	        "all of it is counted");
	mockproc_ask(&t.proc, "store-counts", got, sizeof(got));
	is_text(got,
	        "{\"received\":3023,\"dropped\":0,\"rejected\":0,\"saved\":3023,\"failed\":0,"
	        "\"queued\":0,\"saving\":0,\"process\":1,\"pages\":0}",
	        "by its process too");
	mockproc_say(&t.proc, "store away");
	is_int(send_traces(&t, 9003, 1), 202, "taken while the store is away");
	mockproc_ask(&t.proc, "store-counts", got, sizeof(got));
	ok(strstr(got, "\"failed\":1,") != NULL, "it is counted as failed");
	mockproc_say(&t.proc, "restart");
	mockproc_say(&t.proc, "store works");
	is_int(send_traces(&t, 9004, 1), 202, "another process at the same place");
	mockproc_ask(&t.proc, "store-counts", got, sizeof(got));
	ok(strstr(got, "\"received\":1,") != NULL && strstr(got, "\"process\":2,") != NULL, "which counts from 0");
	mockproc_ask(&t.proc, "metrics-url", got, sizeof(got));
	ok(strncmp(got, "http://127.0.0.1:", 17) == 0 && strstr(got, "/metrics") != NULL, "its metrics page is at %s",
	        got);
	mockproc_say(&t.proc, "metrics off");
	mockproc_say(&t.proc, "metrics served");
	mockproc_ask(&t.proc, "sing", got, sizeof(got));
	is_text(got, "error", "what it does not know is an error");
	mockproc_stop(&t.proc);
	http_client_free(t.client);
	loop_free(t.loop);
	buf_free(&t.batch);
}

int main(void)
{
	it_obeys_and_counts();
	return tap_done();
}
