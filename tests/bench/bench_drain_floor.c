/* SPDX-License-Identifier: Apache-2.0 */
/* bench_drain_floor.c — the least that a drain can do: consume a topic with librdkafka, and for each POST's worth of
 * spans send a body of so many, which lies ready, with curl over connections that are kept. No look at a record, no
 * order, no commit, no retry.
 *
 *   bench_drain_floor BROKERS TOPIC URL RECORDS SPANS-A-RECORD POST-SPANS IN-FLIGHT
 *
 * Prints "ready" and waits for the end of its input when all is answered, so that its CPU time can be read. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>
#include <librdkafka/rdkafka.h>

#include "batchmake.h"

enum { MESSAGES = 1000, WAIT_MS = 5, FLIGHT_MOST = 256 };

struct floor {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	CURLM *multi;
	CURL *idle[FLIGHT_MOST];
	struct curl_slist *headers;
	size_t nidle, in_flight;
	const char *url;
	struct buf whole, rest; /* bodies */
	uint64_t records, posts, answered;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_drain_floor: %s\n", what);
	exit(1);
}

static void open_consumer(struct floor *f, const char *brokers, const char *topic)
{
	char group[32]; /* its own: the members of former runs never leave, and their sessions would be waited for */
	const char *const set[][2] = {
		{ "group.id", group },
		{ "enable.auto.commit", "false" },
		{ "auto.offset.reset", "earliest" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	char said[200];

	snprintf(group, sizeof(group), "floor-%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		rd_kafka_conf_set(conf, set[i][0], set[i][1], said, sizeof(said));
	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, said, sizeof(said));
	f->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	if (f->rk == NULL)
		die(said);
	rd_kafka_poll_set_consumer(f->rk);
	rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
	if (rd_kafka_subscribe(f->rk, topics) != 0)
		die("the topic is not to be had");
	rd_kafka_topic_partition_list_destroy(topics);
	f->queue = rd_kafka_queue_get_consumer(f->rk);
}

static size_t drop_answer(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

static void open_client(struct floor *f, size_t in_flight)
{
	f->multi = curl_multi_init();
	f->headers = curl_slist_append(NULL, "Content-Type: application/x-thrift");
	f->headers = curl_slist_append(f->headers, "Expect:");
	for (f->nidle = 0; f->nidle < in_flight && f->nidle < FLIGHT_MOST; f->nidle++) {
		CURL *c = curl_easy_init();

		if (c == NULL)
			die("out of memory");
		curl_easy_setopt(c, CURLOPT_URL, f->url);
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L); /* as the exporter */
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->headers);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop_answer);
		f->idle[f->nidle] = c;
	}
}

static void post(struct floor *f, const struct buf *body)
{
	CURL *c = f->idle[--f->nidle];

	curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)body->at);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)body->len);
	curl_multi_add_handle(f->multi, c);
	f->posts++;
}

static void take_answers(struct floor *f)
{
	int running, left;
	CURLMsg *m;

	curl_multi_perform(f->multi, &running);
	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		CURL *c = m->easy_handle;
		long status = 0;

		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		if (m->data.result != CURLE_OK || status / 100 != 2)
			die("a POST fails");
		curl_multi_remove_handle(f->multi, c);
		f->idle[f->nidle++] = c;
		f->answered++;
	}
}

/* Records that have come in. */
static uint64_t consume(struct floor *f, int wait_ms)
{
	static rd_kafka_message_t *m[MESSAGES];
	ssize_t n = rd_kafka_consume_batch_queue(f->queue, wait_ms, m, MESSAGES);
	uint64_t good = 0;

	for (ssize_t i = 0; i < n; i++) {
		good += m[i]->err == 0;
		rd_kafka_message_destroy(m[i]);
	}
	return good;
}

static void run(struct floor *f, uint64_t records, uint64_t spans, uint64_t post_spans)
{
	uint64_t posts = records * spans / post_spans, rest = records * spans % post_spans > 0;

	while (f->answered < posts + rest) {
		if (f->nidle > 0 && f->records < records)
			f->records += consume(f, f->posts > f->answered ? 0 : WAIT_MS);
		while (f->nidle > 0 && f->posts < f->records * spans / post_spans)
			post(f, &f->whole);
		if (f->nidle > 0 && f->records == records && f->posts == posts && rest > 0)
			post(f, &f->rest);
		take_answers(f);
		if (f->nidle == 0 || f->records == records)
			curl_multi_poll(f->multi, NULL, 0, WAIT_MS, NULL);
	}
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	uint64_t records, spans, post_spans;
	char end;

	if (argc != 8)
		die("BROKERS TOPIC URL RECORDS SPANS-A-RECORD POST-SPANS IN-FLIGHT");
	f.url = argv[3];
	records = strtoull(argv[4], NULL, 10);
	spans = strtoull(argv[5], NULL, 10);
	post_spans = strtoull(argv[6], NULL, 10);
	batchmake(&f.whole, "a-service-of-usual-name", 1, 1, (uint32_t)post_spans);
	batchmake(&f.rest, "a-service-of-usual-name", 1, 1, (uint32_t)(records * spans % post_spans));
	curl_global_init(CURL_GLOBAL_DEFAULT);
	open_client(&f, strtoull(argv[7], NULL, 10));
	open_consumer(&f, argv[1], argv[2]);
	run(&f, records, spans, post_spans);
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &end, 1) < 0;
}
