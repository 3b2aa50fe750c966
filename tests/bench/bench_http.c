/* bench_http.c — how many POSTs one core's client carries: batches of ten spans to a stub collector in
 * another process, many in flight and one at a time, over kept connections and over a new one each. */
#include <sys/resource.h>

#include "batchmake.h"
#include "clock.h"
#include "http_client.h"
#include "mockproc.h"

struct load {
	struct loop *loop;
	struct http_client *client;
	struct http_request r;
	size_t want;
	size_t sent;
	size_t answered;
	size_t good;
};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void on_answer(void *arg, const struct http_answer *a);

static void send_one(struct load *l)
{
	if (l->sent == l->want)
		return;
	l->sent++;
	if (http_client_send(l->client, &l->r, on_answer, l) < 0)
		abort();
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct load *l = arg;

	l->answered++;
	l->good += a->status == 202;
	send_one(l);
	if (l->answered == l->want)
		loop_stop(l->loop);
}

/* False when not all were answered 202. */
static bool measure(const char *name, const char *flag, size_t in_flight, size_t posts)
{
	struct http_client_opts opts = { .max_connections = in_flight };
	struct load l = { .want = posts };
	struct buf body = { 0 };
	struct mockproc stub;
	char url[1200];
	double cpu, wall;
	struct why why;

	mockproc_start_program(&stub, "stubcollector", flag);
	batchmake(&body, "a-service-of-usual-name", 1, 1, 10);
	snprintf(url, sizeof(url), "%s/api/traces?format=jaeger.thrift", stub.brokers);
	l.r = (struct http_request){
		.url = url, .body = buf_slice(&body), .content_type = "application/x-thrift"
	};
	if (loop_open(&l.loop, &why) < 0 || http_client_open(&l.client, l.loop, &opts, &why) < 0)
		abort();
	cpu = cpu_seconds();
	wall = (double)clock_mono_us();
	for (size_t i = 0; i < in_flight; i++)
		send_one(&l);
	loop_run(l.loop);
	cpu = cpu_seconds() - cpu;
	wall = ((double)clock_mono_us() - wall) / 1e6;
	printf("%-34s %8zu %10.0f %14.0f %10.1f\n", name, posts, (double)posts / wall,
	        (double)posts / cpu, cpu / (double)posts * 1e6);
	http_client_free(l.client);
	loop_free(l.loop);
	mockproc_stop(&stub);
	buf_free(&body);
	return l.good == posts;
}

int main(void)
{
	bool good = true;

	printf("%-34s %8s %10s %14s %10s\n", "client", "posts", "per s", "per core-s", "us each");
	good &= measure("64 in flight, kept connections", NULL, 64, 200000);
	good &= measure("1 in flight, kept connection", NULL, 1, 50000);
	good &= measure("64 in flight, a connection each", "--close-each", 64, 20000);
	if (!good)
		puts("not all were answered 202");
	return good ? 0 : 1;
}
