/* cases.c — the cases of a campaign, in children of a hundred. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "tap.h"

enum { SHARE = 100, HANGS_AFTER_S = 60, FAILURES_MOST = 5 };

struct shared {
	uint64_t at; /* the case under way */
	uint64_t sums[CASES_SUMS];
	struct verdict verdict;
};

void cases_options(struct cases *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		char *end = NULL;

		if (strcmp(argv[i], "--seed") == 0)
			c->seed = strtoull(value, &end, 10);
		else if (strcmp(argv[i], "--count") == 0)
			c->count = strtoull(value, &end, 10);
		else if (strcmp(argv[i], "--plant") == 0)
			c->plant = value;
		if (*value != '\0' && (end == NULL ? c->plant == value : *end == '\0'))
			continue;
		fprintf(stderr, "usage: %s [--seed N] [--count N] [--plant NAME]\n", argv[0]);
		exit(2);
	}
}

uint64_t cases_draw(uint64_t *state, uint64_t n)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % n;
}

/* In a child: up to END, or to the first that fails. */
static _Noreturn void play(
        struct shared *s, uint64_t end, void (*run)(uint64_t number, struct verdict *v))
{
	for (; s->at < end; s->at++) {
		memset(&s->verdict, 0, sizeof(s->verdict));
		alarm(HANGS_AFTER_S);
		run(s->at, &s->verdict);
		for (unsigned i = 0; i < CASES_SUMS; i++)
			s->sums[i] += s->verdict.sums[i];
		if (s->verdict.text[0] != '\0')
			exit(1);
	}
	exit(0);
}

/* From FIRST to END in one child. Gives where to go on. */
static uint64_t share(struct shared *s, uint64_t first, uint64_t end, uint64_t *failed,
        void (*run)(uint64_t number, struct verdict *v))
{
	pid_t pid = (fflush(NULL), s->at = first, fork());
	int status;

	if (pid == 0)
		play(s, end, run);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return end;
	(*failed)++;
	if (WIFSIGNALED(status))
		diag("--seed %" PRIu64 " --count 1: %s (signal %d)", s->at,
		        WTERMSIG(status) == SIGALRM ? "it hangs" : "it dies", WTERMSIG(status));
	else
		diag("--seed %" PRIu64 " --count 1: %s", s->at,
		        s->verdict.text[0] != '\0' ? s->verdict.text : "it ends by itself");
	return s->at + 1;
}

void cases_run(struct cases *c, void (*run)(uint64_t number, struct verdict *v))
{
	struct shared *s =
	        mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t at = c->seed, end = c->seed + c->count;

	if (s == MAP_FAILED)
		exit(99);
	while (at < end && c->failed < FAILURES_MOST) {
		at = share(s, at, min_u64(at + SHARE, end), &c->failed, run);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " ", at - c->seed, c->count);
	}
	diag("%" PRIu64 " cases from seed %" PRIu64 ", %" PRIu64 " failed", at - c->seed, c->seed,
	        c->failed);
	memcpy(c->sums, s->sums, sizeof(c->sums));
	for (unsigned i = 0; i < CASES_SUMS && c->names[i] != NULL; i++)
		diag("%s: %" PRIu64, c->names[i], c->sums[i]);
	munmap(s, sizeof(*s));
}
