/* SPDX-License-Identifier: Apache-2.0 */
/* bench_spool.c — the spool against the floor that a disk gives, in one run.
 *
 *   bench_spool [directory [GiB of the large spool [segments of the long one]]]
 *
 * Writing: turns of 512 records of 3.5 kB, against write + fdatasync of the same
 * bytes in the same blocks, by turns. Then a snapshot's cost, reading, and the start of an empty
 * spool, of a large one and of one with many segments, warm and cold.
 */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "spool/spool.h"
#include "tempdir.h"

enum { RECORDS = 512, SIZE = 3500, ROUNDS = 5, TURNS = 100, STARTS = 21 };

struct bench {
	char dir[TEMPDIR_PATH];
	char spool[TEMPDIR_PATH + 16];
	struct batch *batches[RECORDS];
	struct spool_opts opts;
	struct spool *s;
	struct spool_state state;
	struct spool_cycle turn;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_spool: %s\n", what);
	exit(1);
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void begin(struct bench *b, uint64_t *us)
{
	uint64_t began = clock_mono_us();
	struct spool_found found;
	struct why why;

	if (spool_open(&b->s, &b->opts, &found, &why) < 0)
		fail(why.text);
	b->state = found.state;
	b->state.generation++;
	b->state.running = true;
	if (spool_begin(b->s, &b->state, &why) < 0)
		fail(why.text);
	*us = clock_mono_us() - began;
}

static void end(struct bench *b)
{
	b->state.generation++;
	b->state.running = false;
	spool_close(b->s, &b->state);
}

static void turn(struct bench *b)
{
	b->state.generation++;
	b->turn.state = b->state;
	spool_cycle(b->s, &b->turn);
	b->state.end = b->turn.state.end;
	b->state.spans_put = b->turn.state.spans_put;
}

static void put(struct bench *b)
{
	memset(&b->turn, 0, sizeof(b->turn));
	b->turn.put = b->batches;
	b->turn.nput = RECORDS;
	ledger_enter(&b->state.ledger, LEDGER_IN_SPOOL, RECORDS * 10, RECORDS);
	turn(b);
	if (b->turn.put_rc < 0)
		fail(err_text(b->turn.put_rc));
}

/* TURNS turns; gives bytes a second. */
static double spool_round(struct bench *b, uint64_t *cpu)
{
	uint64_t us, cpu_before, began;

	begin(b, &us);
	cpu_before = cpu_us();
	began = clock_mono_us();
	for (int i = 0; i < TURNS; i++)
		put(b);
	us = clock_mono_us() - began;
	*cpu += cpu_us() - cpu_before;
	end(b);
	tempdir_remove(b->spool);
	return (double)TURNS * RECORDS * SIZE / ((double)us / 1e6);
}

static double floor_round(struct bench *b, uint64_t *cpu)
{
	char path[TEMPDIR_PATH + 16];
	uint64_t cpu_before, began, us;
	struct iovec iov[RECORDS];
	int fd;

	snprintf(path, sizeof(path), "%s/floor", b->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		fail(path);
	cpu_before = cpu_us();
	began = clock_mono_us();
	for (int i = 0; i < TURNS; i++) {
		for (int n = 0; n < RECORDS; n++)
			iov[n] = (struct iovec){ b->batches[n]->bytes, SIZE };
		if (writev(fd, iov, RECORDS) != (ssize_t)RECORDS * SIZE || fdatasync(fd) < 0)
			fail("writing the floor");
	}
	us = clock_mono_us() - began;
	*cpu += cpu_us() - cpu_before;
	close(fd);
	unlink(path);
	return (double)TURNS * RECORDS * SIZE / ((double)us / 1e6);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

static void writing(struct bench *b)
{
	double spool[ROUNDS], floor[ROUNDS], s, f;
	uint64_t spool_cpu = 0, floor_cpu = 0;
	double per = (double)ROUNDS * TURNS * RECORDS;

	for (int i = 0; i < ROUNDS; i++) {
		floor[i] = floor_round(b, &floor_cpu);
		spool[i] = spool_round(b, &spool_cpu);
	}
	s = median(spool, ROUNDS);
	f = median(floor, ROUNDS);
	printf("writing, %d records of %d bytes a turn, median of %d rounds of %d turns\n", RECORDS, SIZE, ROUNDS,
	        TURNS);
	printf("  %-34s %10s %14s %12s\n", "", "MB/s", "records/s", "CPU us/rec");
	printf("  %-34s %10.1f %14.0f %12.2f\n", "write + fdatasync (the floor)", f / 1e6, f / SIZE,
	        (double)floor_cpu / per);
	printf("  %-34s %10.1f %14.0f %12.2f\n", "spool", s / 1e6, s / SIZE, (double)spool_cpu / per);
	printf("  %-34s %9.0f%%  (at least 40%%)\n", "ratio", 100 * s / f);
}

static void snapshots(struct bench *b)
{
	enum { N = 200000 };
	uint64_t us, began;

	begin(b, &us);
	b->state.positions_len = SPOOL_POSITIONS_BYTES;
	began = clock_mono_us();
	for (int i = 0; i < N; i++) {
		b->state.generation++;
		spool_live(b->s, &b->state);
	}
	us = clock_mono_us() - began;
	printf("spool_live with full marks: %.0f ns\n", (double)us * 1000 / N);
	b->state.positions_len = 0;
	end(b);
	tempdir_remove(b->spool);
}

/* The whole spool, in turns as refill makes them. */
static void reading(struct bench *b)
{
	uint64_t us, began, records = 0, cpu = cpu_us();

	begin(b, &us);
	began = clock_mono_us();
	for (uint64_t at = 1; at < b->state.end;) {
		memset(&b->turn, 0, sizeof(b->turn));
		b->turn.read[0] = (struct spool_run){ at, b->state.end };
		b->turn.nread = 1;
		b->turn.read_records = RECORDS;
		b->turn.read_bytes = 8 << 20;
		turn(b);
		if (b->turn.ngot == 0)
			fail("a record cannot be read");
		at = b->turn.got[b->turn.ngot - 1]->position + 1;
		records += b->turn.ngot;
		for (size_t i = 0; i < b->turn.ngot; i++)
			batch_unref(&b->turn.got[i]);
		free(b->turn.got);
	}
	us = clock_mono_us() - began;
	cpu = cpu_us() - cpu;
	end(b);
	printf("reading the large spool: %.1f MB/s, %.2f CPU us/record\n", (double)records * SIZE / (double)us,
	        (double)cpu / (double)records);
}

static double start_us(struct bench *b)
{
	double v[STARTS];

	for (int i = 0; i < STARTS; i++) {
		uint64_t us;

		begin(b, &us);
		v[i] = (double)us;
		end(b);
	}
	return median(v, STARTS);
}

static void starting(struct bench *b, double gib)
{
	double empty = start_us(b), large;
	uint64_t us, bytes;

	begin(b, &us);
	do {
		put(b);
		bytes = b->turn.stats.bytes;
	} while ((double)bytes < gib * (1 << 30));
	end(b);
	large = start_us(b);
	printf("start (open and begin), median of %d\n", STARTS);
	printf("  %-34s %10.0f us\n", "empty", empty);
	printf("  %-34s %10.0f us   (%.1f GiB in %" PRIu64 " segments)\n", "large", large, (double)bytes / (1 << 30),
	        b->turn.stats.segments);
	printf("  %-34s %9.2fx  (at most 2x)\n", "ratio", large / empty);
}

/* Microseconds that the names in the spool's directory take to read. */
static double names_us(const struct bench *b)
{
	uint64_t began = clock_mono_us();
	DIR *d = opendir(b->spool);

	while (d != NULL && readdir(d) != NULL)
		continue;
	if (d != NULL)
		closedir(d);
	return (double)(clock_mono_us() - began);
}

/* Forgets pages, names and inodes. False: only root may. */
static bool drop_caches(void)
{
	FILE *f = fopen("/proc/sys/vm/drop_caches", "we");
	bool done;

	sync();
	if (f == NULL)
		return false;
	done = fputs("3\n", f) >= 0;
	return fclose(f) == 0 && done;
}

/* The first start after that, median of a few; 0: it cannot be done. */
static double cold_us(struct bench *b, double *names)
{
	enum { COLD = 5 };
	double v[COLD], n[COLD];

	for (int i = 0; i < COLD; i++) {
		uint64_t us;

		if (!drop_caches())
			return 0;
		n[i] = names_us(b);
		if (!drop_caches())
			return 0;
		begin(b, &us);
		v[i] = (double)us;
		end(b);
	}
	*names = median(n, COLD);
	return median(v, COLD);
}

/* A spool of N records, and a segment's name for each of them that no segment begins with. A start looks at no more of those than their names
 * and some of their sizes, so their files are short. */
static void make_segments(struct bench *b, unsigned n)
{
	uint64_t us;

	begin(b, &us);
	while (b->state.end <= n)
		put(b);
	end(b);
	for (unsigned i = 0; i < n; i++) {
		char path[TEMPDIR_PATH + 64];
		FILE *f;

		snprintf(path, sizeof(path), "%s/seg-%016x", b->spool, i + 1);
		if (mkdir(path, 0700) < 0)
			continue; /* the one that is real */
		strcat(path, "/data.mdb");
		f = fopen(path, "we");
		if (f == NULL || fputs("a segment", f) < 0 || fclose(f) != 0)
			fail(path);
	}
}

static void starting_with_many(struct bench *b, unsigned n)
{
	double warm[2], cold[2], names[2] = { 0 }, readdir_us;

	tempdir_remove(b->spool);
	warm[0] = start_us(b);
	cold[0] = cold_us(b, &names[0]);
	b->opts.segment_bytes = 2 << 20;
	make_segments(b, n);
	warm[1] = start_us(b);
	readdir_us = names_us(b);
	cold[1] = cold_us(b, &names[1]);
	printf("start with %u segments, median; cold is after drop_caches\n", n);
	printf("  %-34s %10.0f us %10.0f us cold\n", "empty", warm[0], cold[0]);
	printf("  %-34s %10.0f us %10.0f us cold\n", "many", warm[1], cold[1]);
	printf("  %-34s %10.0f us %10.0f us cold\n", "reading its names alone", readdir_us, names[1]);
	printf("  %-34s %9.2fx %12.2fx       (at most 2x warm)\n", "ratio without that",
	        (warm[1] - readdir_us) / warm[0], cold[0] > 0 ? (cold[1] - names[1]) / cold[0] : 0);
}

int main(int argc, char **argv)
{
	double gib = argc > 2 ? atof(argv[2]) : 1;
	unsigned segments = argc > 3 ? (unsigned)atoi(argv[3]) : 16384;
	static struct bench b;

	if (argc > 1)
		setenv("TMPDIR", argv[1], 1);
	tempdir_make(b.dir);
	snprintf(b.spool, sizeof(b.spool), "%s/spool", b.dir);
	b.opts = (struct spool_opts){ .directory = b.spool, .host = "bench", .segment_bytes = 64 << 20 };
	for (int i = 0; i < RECORDS; i++) {
		b.batches[i] = batch_new(SIZE);
		if (b.batches[i] == NULL)
			fail("out of memory");
		b.batches[i]->spans = 10;
		for (uint32_t n = 0; n < SIZE; n++)
			b.batches[i]->bytes[n] = (uint8_t)rand();
	}
	writing(&b);
	snapshots(&b);
	starting(&b, gib);
	reading(&b);
	starting_with_many(&b, segments);
	for (int i = 0; i < RECORDS; i++)
		batch_unref(&b.batches[i]);
	tempdir_remove(b.dir);
	return 0;
}
