/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.c — options, workers that share the trials out, sums and percentiles in shared memory. */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "campaign.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"

enum { WORKERS_MOST = 64, FIGURES = 1 << 16, LOOK_US = 20000, ENOUGH = 100 /* failures */ };

/* Between the workers and who started them. */
struct shared {
	_Atomic uint64_t next, done, failed;
	_Atomic uint64_t under_way[WORKERS_MOST]; /* a worker's trial, and one; 0: none */
	_Atomic uint64_t sums[CAMPAIGN_SUMS];
	_Atomic uint64_t nfigures;
	uint32_t figures[FIGURES];
};

static struct shared *shared;

static _Noreturn void usage(const struct campaign *c)
{
	fprintf(stderr, "usage: %s [--seed N] [--count N] [--jobs N] [--only N]", c->name);
	if (c->own != NULL)
		fprintf(stderr, " [--%s WORD]", c->own);
	fprintf(stderr, "\n");
	exit(2);
}

void campaign_options(struct campaign *c, uint64_t count, int argc, char **argv)
{
	const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ c->own, required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	c->seed = 1;
	c->count = count;
	c->only = UINT64_MAX;
	if (c->jobs == 0)
		c->jobs = 4;
	while ((o = getopt_long(argc, argv, "", known, NULL)) != -1) {
		char *end;
		uint64_t n = optarg == NULL ? 0 : strtoull(optarg, &end, 10);

		if (o == 'p') {
			c->word = optarg;
			continue;
		}
		if (o == '?' || *end != '\0')
			usage(c);
		if (o == 's')
			c->seed = n;
		if (o == 'c')
			c->count = n;
		if (o == 'o')
			c->only = n;
		if (o == 'j')
			c->jobs = (unsigned)min_u64(max_u64(n, 1), WORKERS_MOST);
	}
	if (optind != argc)
		usage(c);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void campaign_hush(const struct campaign *c)
{
	bool speaks = c->only != UINT64_MAX;

	log_setup(speaks ? LOG_LEVEL_DEBUG : (enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORM_TEXT);
}

uint64_t campaign_roll(uint64_t *seed, uint64_t n)
{
	uint64_t x = *seed += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (x ^ (x >> 31)) % n;
}

void trial_wrong(struct trial *t, const char *fmt, ...)
{
	va_list ap;

	if (t->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(t->wrong, sizeof(t->wrong), fmt, ap);
	va_end(ap);
}

void trial_figure(struct trial *t, uint64_t us)
{
	if (t->nfigures < CAMPAIGN_FIGURES)
		t->figures_us[t->nfigures++] = (uint32_t)us;
}

struct running {
	struct campaign *c;
	uint64_t whole;
	uint64_t n; /* trials in all */
	void (*run)(struct trial *t, void *arg);
	void *arg;
	pid_t workers[WORKERS_MOST];
};

static void say_failed(const struct running *g, uint64_t number, const char *wrong)
{
	atomic_fetch_add(&shared->failed, 1);
	printf("# trial %" PRIu64 " (again: --seed %" PRIu64 " --only %" PRIu64 "): %s\n", number, g->c->seed, number,
	        wrong);
}

static void one(struct running *g, uint64_t number)
{
	struct trial t = { .number = number, .speaks = g->c->only != UINT64_MAX };
	uint64_t seed = g->c->seed * 1000003 + number;

	t.seed = campaign_roll(&seed, UINT64_MAX);
	g->run(&t, g->arg);
	for (size_t i = 0; i < CAMPAIGN_SUMS; i++)
		atomic_fetch_add(&shared->sums[i], t.sums[i]);
	for (size_t i = 0; i < t.nfigures; i++)
		shared->figures[atomic_fetch_add(&shared->nfigures, 1) % FIGURES] = t.figures_us[i];
	if (t.wrong[0] != '\0')
		say_failed(g, number, t.wrong);
	atomic_fetch_add(&shared->done, 1);
}

/* The I-th trial's number: they are spread, and the seed says where between two of them. */
static uint64_t number_of(const struct running *g, uint64_t i)
{
	uint64_t from, to, seed = g->c->seed * 31 + i;

	if (g->n >= g->whole)
		return i % g->whole;
	from = (uint64_t)((__uint128_t)i * g->whole / g->n);
	to = (uint64_t)((__uint128_t)(i + 1) * g->whole / g->n);
	return from + campaign_roll(&seed, to - from);
}

static _Noreturn void work(struct running *g, _Atomic uint64_t *under_way)
{
	uint64_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (atomic_load(&shared->failed) < ENOUGH && (i = atomic_fetch_add(&shared->next, 1)) < g->n) {
		uint64_t n = number_of(g, i), number = g->c->code == NULL ? n : g->c->code(n);

		atomic_store(under_way, number + 1);
		alarm(g->c->hangs_s);
		one(g, number);
	}
	fflush(stdout);
	_exit(0);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print_figures(const struct campaign *c)
{
	size_t n = (size_t)min_u64(atomic_load(&shared->nfigures), FIGURES);

	for (size_t i = 0; i < CAMPAIGN_SUMS && c->sums[i] != NULL; i++)
		printf("# %s: %" PRIu64 "\n", c->sums[i], atomic_load(&shared->sums[i]));
	if (n == 0)
		return;
	qsort(shared->figures, n, sizeof(shared->figures[0]), by_size);
	printf("# time of %zu: p50 %.1f ms, p99 %.1f ms, most %.1f ms\n", n, shared->figures[n / 2] / 1e3,
	        shared->figures[n * 99 / 100] / 1e3, shared->figures[n - 1] / 1e3);
}

static void start_worker(struct running *g, unsigned i)
{
	fflush(stdout);
	g->workers[i] = fork();
	if (g->workers[i] == 0)
		work(g, &shared->under_way[i]);
	if (g->workers[i] < 0)
		exit(99);
}

/* Worker I died of its trial: that is a failure with a number, and another goes on. */
static void bury(struct running *g, unsigned i, int status)
{
	uint64_t number = atomic_load(&shared->under_way[i]);
	char wrong[CAMPAIGN_TEXT];

	if (number == 0)
		exit(99);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(wrong, sizeof(wrong), "it hangs");
	else
		snprintf(wrong, sizeof(wrong), "it dies, status %d", status);
	say_failed(g, number - 1, wrong);
	atomic_fetch_add(&shared->done, 1);
	start_worker(g, i);
}

/* One of them ended. True when there was no more for it to do. */
static bool look_after(struct running *g)
{
	int status = 0;
	pid_t pid = waitpid(-1, &status, WNOHANG);
	unsigned i = 0;

	if (pid <= 0) {
		usleep(LOOK_US);
		return false;
	}
	while (i < g->c->jobs && g->workers[i] != pid)
		i++;
	if (status != 0)
		bury(g, i, status);
	return status == 0;
}

static void share_out(struct running *g)
{
	struct progress p;

	progress_init(&p, stderr);
	for (unsigned i = 0; i < g->c->jobs; i++)
		start_worker(g, i);
	for (unsigned left = g->c->jobs; left > 0; left -= look_after(g))
		progress_show(&p, atomic_load(&shared->done), g->n, "%s: %" PRIu64 " failed", g->c->name,
		        atomic_load(&shared->failed));
	progress_clear(&p);
}

bool campaign_run(struct campaign *c, uint64_t whole, void (*run)(struct trial *t, void *arg), void *arg)
{
	struct running g = { c, whole, min_u64(c->count, max_u64(whole, 1)), run, arg, { 0 } };
	uint64_t began = clock_mono_us(), failed;
	char of[32] = "";

	if (shared == NULL)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		exit(99);
	memset(shared, 0, sizeof(*shared));
	if (c->only != UINT64_MAX)
		one(&g, c->only);
	else
		share_out(&g);
	print_figures(c);
	failed = atomic_load(&shared->failed);
	if (whole != CAMPAIGN_ENDLESS)
		snprintf(of, sizeof(of), " of %" PRIu64, whole);
	snprintf(c->said, sizeof(c->said), "%" PRIu64 " trials%s, seed %" PRIu64 ": %" PRIu64 " failed, %.0f s",
	        atomic_load(&shared->done), of, c->seed, failed, (double)(clock_mono_us() - began) / 1e6);
	return failed == 0 && atomic_load(&shared->done) > 0;
}

uint64_t campaign_sum(const struct campaign *c, unsigned i)
{
	(void)c;
	return atomic_load(&shared->sums[i]);
}
