/* SPDX-License-Identifier: Apache-2.0 */
/* bench_transcode.c — spans per second of one core: the transcoder, and beside it Thrift's own C
 * library doing the same (decode into its types, encode TBinary), on 10-span batches of real
 * clients.
 *
 * Each batch is made of the spans that the client sent, with ids, times and durations drawn anew,
 * so that no branch can be learned by heart. CPU time, the best of some rounds: other load on the
 * machine can only make a round slower. */
#include <inttypes.h>
#include <time.h>

#include "corpus.h"
#include "gen.h"
#include "span/inspect.h"
#include "oracle.h"
#include "span/transcode.h"
#include "span/zipkin.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPANS = 10, BATCHES = 512, ROUNDS = 7, ROUND_MS = 150 };

struct load {
	const char *name; /* the case whose spans are used */
	enum oracle_form form;
	struct buf datagram[BATCHES];
	struct buf batch[BATCHES]; /* the same, transcoded */
	size_t bytes_in, bytes_out;
};

static uint8_t out[600000];

static void stop(const char *what)
{
	fprintf(stderr, "bench_transcode: %s\n", what);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void draw_anew(struct gen *g, JaegerSpan *s)
{
	s->traceIdLow = (int64_t)gen_random(g);
	s->traceIdHigh = s->traceIdHigh != 0 ? (int64_t)gen_random(g) : 0;
	s->spanId = (int64_t)gen_random(g);
	s->parentSpanId = s->parentSpanId != 0 ? (int64_t)gen_random(g) : 0;
	s->startTime += (int64_t)(gen_random(g) % 10000000000);
	s->duration = (int64_t)(gen_random(g) >> (34 + gen_random(g) % 20));
}

/* One batch of the spans in SOURCE, from span FIRST on, round and round. */
static void make(struct gen *g, struct slice source, struct load *l, unsigned n)
{
	struct why why;
	JaegerBatch *all[SPANS], *b = oracle_decode(source, l->form, &why);
	guint have;

	if (b == NULL)
		stop(why.text);
	have = b->spans->len;
	g_ptr_array_set_size(b->spans, 0);
	for (unsigned i = 0; i < SPANS; i++) {
		JaegerSpan *span;

		all[i] = oracle_decode(source, l->form, &why);
		if (all[i] == NULL)
			stop(why.text);
		span = g_ptr_array_index(all[i]->spans, (n + i) % have);
		draw_anew(g, span);
		g_ptr_array_add(b->spans, g_object_ref(span));
		g_object_unref(all[i]);
	}
	if (oracle_encode(b, l->form, &l->datagram[n], &why) < 0)
		stop(why.text);
	g_object_unref(b);
}

/* Every batch is made and the two ways are held against each other. */
static void prepare(struct load *l, const struct corpus *all)
{
	static const struct transcode_tags none;
	const struct buf *source = &corpus_find(all, l->name)->datagram;
	struct gen g = { .state = 1 };

	l->form = oracle_form_of(buf_slice(source));
	for (unsigned n = 0; n < BATCHES; n++) {
		struct transcode_facts facts;
		struct buf theirs = { 0 };
		struct why why;

		make(&g, buf_slice(source), l, n);
		if (transcode_datagram(buf_slice(&l->datagram[n]), &none, out, sizeof(out), &facts) < 0 ||
		        facts.spans != SPANS)
			stop("a batch is refused");
		if (oracle_canonical(buf_slice(&l->datagram[n]), l->form, &theirs, &why) < 0 ||
		        !slice_same(buf_slice(&theirs), slice_of(out, facts.size)))
			stop("the two ways come to different bytes");
		buf_add(&l->batch[n], out, facts.size);
		l->bytes_in += l->datagram[n].len;
		l->bytes_out += facts.size;
		buf_free(&theirs);
	}
}

static int by_transcoder(const struct load *l, unsigned n)
{
	static const struct transcode_tags none;
	struct transcode_facts facts;

	return transcode_datagram(buf_slice(&l->datagram[n]), &none, out, sizeof(out), &facts);
}

static int with_tags(const struct load *l, unsigned n)
{
	static const uint8_t tag[] = "\x0b\x00\x01\x00\x00\x00\x07"
	                             "cluster\x08\x00\x02\x00\x00\x00\x00\x0b\x00\x03\x00\x00\x00\x05north";
	const struct transcode_tags tags = { .encoded = slice_of(tag, sizeof(tag)), .count = 1 };
	struct transcode_facts facts;

	return transcode_datagram(buf_slice(&l->datagram[n]), &tags, out, sizeof(out), &facts);
}

static int by_inspector(const struct load *l, unsigned n)
{
	struct inspect_facts facts;

	return inspect_batch(buf_slice(&l->batch[n]), &facts, NULL, NULL, NULL);
}

static int by_thrift(const struct load *l, unsigned n)
{
	struct buf to = { 0 };
	struct why why;
	int rc = oracle_canonical(buf_slice(&l->datagram[n]), l->form, &to, &why);

	buf_free(&to);
	return rc;
}

/* Spans per second of the core, in the best round. */
static double measure(const struct load *l, int (*way)(const struct load *l, unsigned n))
{
	double best = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double began = cpu_seconds(), took;
		uint64_t batches = 0;

		do {
			for (unsigned n = 0; n < BATCHES / 16; n++, batches++)
				if (way(l, (unsigned)(batches % BATCHES)) < 0)
					stop("a batch is refused");
			took = cpu_seconds() - began;
		} while (took < ROUND_MS / 1e3);
		if ((double)batches * SPANS / took > best)
			best = (double)batches * SPANS / took;
	}
	return best;
}

/* Prints the spans of a core-second that zipkin_convert takes, in a real client's datagram of three spans. */
static void measure_zipkin(const struct corpus *all)
{
	static const struct transcode_tags none;
	struct slice datagram = buf_slice(&corpus_find(all, "python-jaeger3-rich")->datagram);
	double best = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double began = cpu_seconds(), took;
		uint64_t spans = 0;

		do {
			struct zipkin_batches got = { 0 };

			if (zipkin_convert(&got, datagram, &none, sizeof(out)) < 0)
				stop("the Zipkin datagram is refused");
			for (size_t i = 0; i < got.n; i++)
				spans += got.at[i].spans;
			zipkin_batches_free(&got);
			took = cpu_seconds() - began;
		} while (took < ROUND_MS / 1e3);
		if ((double)spans / took > best)
			best = (double)spans / took;
	}
	printf("\nemitZipkinBatch, spans of python-jaeger3-rich: %.0f, asked at least 50000%s\n", best,
	        best < 50000 ? ": missed" : "");
}

int main(void)
{
	static struct load loads[] = {
		{ .name = "go-jaeger-live" },
		{ .name = "go-jaeger-rich" },
		{ .name = "python-jaeger-rich" },
		{ .name = "node-jaeger-rich" },
	};
	struct corpus all;

	corpus_load(&all);
	printf("spans per core-second, batches of %d spans\n\n", SPANS);
	printf("%-20s %8s %6s %6s %12s %12s %12s %12s %7s\n", "spans of", "protocol", "in", "out", "transcoder",
	        "with a tag", "inspect", "c_glib", "ratio");
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		struct load *l = &loads[i];
		double ours, tagged, inspected, theirs;

		prepare(l, &all);
		ours = measure(l, by_transcoder);
		tagged = measure(l, with_tags);
		inspected = measure(l, by_inspector);
		theirs = measure(l, by_thrift);
		printf("%-20s %8s %6zu %6zu %12.0f %12.0f %12.0f %12.0f %6.1fx\n", l->name,
		        l->form == ORACLE_COMPACT_MESSAGE ? "compact" : "binary", l->bytes_in / BATCHES,
		        l->bytes_out / BATCHES, ours, tagged, inspected, theirs, ours / theirs);
		for (unsigned n = 0; n < BATCHES; n++) {
			buf_free(&l->datagram[n]);
			buf_free(&l->batch[n]);
		}
	}
	measure_zipkin(&all);
	corpus_free(&all);
	return 0;
}
