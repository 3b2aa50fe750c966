/* SPDX-License-Identifier: Apache-2.0 */
/* bench_floor.c — the least that an agent before Kafka can do: recvmmsg, and rd_kafka_produce of the
 * same bytes. No check of the input, no transcoder (the record's bytes lie ready, only its numbers
 * are put in), no spool, no ledger. It reads every 5 ms, which is the cheapest way to read, and uses
 * the agent's own producer properties.
 *
 *   bench_floor BROKERS TOPIC PORT DATAGRAMS
 *
 * Ends when so many are acknowledged, and prints the CPU time that took, with all threads. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "testkit/numbered_spans.h"

enum {
	VECTOR = 64,
	SLOT = 65536,
	SPANS = 10,
	ENVELOPE = 24, /* of a binary emitBatch before its Batch; behind it stands one byte */
	REST_NS = 5000000,
	BUFFER = 32 << 20,
};

struct floor {
	int fd;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	struct numbered_spans *compact, *binary;
	uint8_t *value;
	uint64_t received, acked, failed;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_floor: %s\n", what);
	exit(1);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	struct floor *f = arg;

	(void)rk;
	if (m->err == 0)
		f->acked++;
	else
		f->failed++;
}

static void open_producer(struct floor *f, const char *brokers, const char *topic)
{
	static const char *const set[][2] = {
		{ "acks", "all" },
		{ "enable.idempotence", "true" },
		{ "message.timeout.ms", "0" },
		{ "compression.codec", "lz4" },
		{ "batch.size", "500000" },
		{ "linger.ms", "25" },
		{ "socket.nagle.disable", "true" },
		{ "queue.buffering.max.kbytes", "131072" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char said[200];

	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		if (rd_kafka_conf_set(conf, set[i][0], set[i][1], said, sizeof(said)) != RD_KAFKA_CONF_OK)
			die(said);
	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, said, sizeof(said));
	rd_kafka_conf_set_opaque(conf, f);
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	f->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, said, sizeof(said));
	if (f->rk == NULL)
		die(said);
	f->topic = rd_kafka_topic_new(f->rk, topic, NULL);
	rd_kafka_poll(f->rk, 500); /* connected, and the topic known */
}

static void open_socket(struct floor *f, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int bytes = BUFFER;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setsockopt(f->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(f->fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("the port cannot be bound");
}

static void open_templates(struct floor *f)
{
	struct numbered_spans_opts o = { NUMBERED_COMPACT, "spanspool-emit", 1, SPANS, 0 };
	struct why why;

	if (numbered_spans_open(&f->compact, &o, &why) < 0)
		die(why.text);
	o.protocol = NUMBERED_BINARY;
	if (numbered_spans_open(&f->binary, &o, &why) < 0)
		die(why.text);
	f->value = malloc(numbered_spans_size(f->binary));
	if (f->value == NULL)
		die("out of memory");
}

static void produce(struct floor *f, struct slice datagram)
{
	size_t size = numbered_spans_size(f->binary) - ENVELOPE - 1;
	uint64_t first = 0;

	if (!numbered_spans_first(f->compact, datagram, &first))
		die("a datagram that the bench did not send");
	numbered_spans_write(f->binary, first, 0, f->value);
	while (rd_kafka_produce(f->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, f->value + ENVELOPE, size, NULL,
	               0, NULL) < 0) {
		if (errno != ENOBUFS)
			die("rd_kafka_produce refuses");
		rd_kafka_poll(f->rk, 1);
	}
}

/* True when the vector was full: more is waiting. */
static bool read_some(struct floor *f, struct mmsghdr *msgs, uint8_t *slots)
{
	int n = recvmmsg(f->fd, msgs, VECTOR, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++)
		produce(f, slice_of(slots + (size_t)i * SLOT, msgs[i].msg_len));
	f->received += n > 0 ? (uint64_t)n : 0;
	return n == VECTOR;
}

static void run(struct floor *f, uint64_t datagrams)
{
	static struct mmsghdr msgs[VECTOR];
	static struct iovec iovs[VECTOR];
	uint8_t *slots = malloc((size_t)VECTOR * SLOT);

	for (size_t i = 0; i < VECTOR; i++) {
		iovs[i] = (struct iovec){ slots + i * SLOT, SLOT };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iovs[i], .msg_iovlen = 1 };
	}
	while (f->acked + f->failed < datagrams) {
		if (!read_some(f, msgs, slots))
			nanosleep(&(struct timespec){ 0, REST_NS }, NULL);
		rd_kafka_poll(f->rk, 0);
	}
	free(slots);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	double before;

	if (argc != 5)
		die("BROKERS TOPIC PORT DATAGRAMS");
	open_templates(&f);
	open_producer(&f, argv[1], argv[2]);
	open_socket(&f, atoi(argv[3]));
	puts("ready");
	fflush(stdout);
	before = cpu_s();
	run(&f, strtoull(argv[4], NULL, 10));
	printf("cpu %.6f failed %llu\n", cpu_s() - before, (unsigned long long)f.failed);
	rd_kafka_topic_destroy(f.topic);
	rd_kafka_destroy(f.rk);
	return f.failed == 0 ? 0 : 1;
}
