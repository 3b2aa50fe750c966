/* SPDX-License-Identifier: Apache-2.0 */
/* model.c — intake, store and forward (flight, dispatcher, circuit, spooler, marks, backlog, ledger) against a model.
 *
 *	model [--seed N] [--count N] [--actions N]
 *
 * Each sequence is a list of actions drawn from its seed: datagrams come, time passes, the worker runs
 * and reports, the sink takes, refuses, reports and forgets, the disk fails and heals, the wall clock
 * jumps, and the life ends by a stop, a kill or a power cut, after which the next one begins on the
 * same disk. In the end all heals, and the model asks for every batch by its number. A sequence that
 * fails is made shorter while it still fails, and printed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "model.h"
#include "sim.h"
#include "tap.h"

enum { ACTIONS = 200, SHARE = 250 };

static size_t draw(unsigned seed, struct model_step *steps, size_t most)
{
	unsigned sum = 0, random = seed * 2654435761u + 1;
	size_t n;

	for (size_t k = 0; k < ACTION_KINDS; k++)
		sum += model_kinds[k].weight;
	random = random * 1103515245 + 12345;
	n = 1 + (random >> 12) % most;
	for (size_t i = 0; i < n; i++) {
		unsigned at, k = 0;

		random = random * 1103515245 + 12345;
		at = (random >> 12) % sum;
		while (at >= model_kinds[k].weight)
			at -= model_kinds[k++].weight;
		random = random * 1103515245 + 12345;
		steps[i] = (struct model_step){ (enum model_action)k, random };
	}
	return n;
}

/* What a child of this process found, in memory that both see. */
static struct {
	unsigned seed; /* of the sequence under way */
	bool failed;
	char fault[256];
} * found;

/* Plays in a child, so that an assertion of the program ends a sequence and not the campaign. */
static bool plays_well(unsigned seed, const struct model_step *steps, size_t n, bool traced)
{
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0) {
		bool good = model_play(seed, steps, n, traced);

		fflush(stdout);
		snprintf(found->fault, sizeof(found->fault), "%s", model_fault());
		_exit(good ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(found->fault, sizeof(found->fault), "it died of signal %d", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static size_t shrink(unsigned seed, struct model_step *steps, size_t n)
{
	for (size_t chunk = n / 2; chunk > 0; chunk /= 2) {
		for (size_t at = 0; at + chunk <= n;) {
			struct model_step fewer[ACTIONS];

			memcpy(fewer, steps, at * sizeof(*steps));
			memcpy(fewer + at, steps + at + chunk, (n - at - chunk) * sizeof(*steps));
			if (plays_well(seed, fewer, n - chunk, false)) {
				at += chunk;
				continue;
			}
			n -= chunk;
			memcpy(steps, fewer, n * sizeof(*steps));
		}
	}
	return n;
}

static void explain(unsigned seed, size_t actions)
{
	struct model_step steps[ACTIONS];
	size_t n = draw(seed, steps, actions);

	if (plays_well(seed, steps, n, false)) {
		diag("seed %u fails only after others", seed);
		return;
	}
	n = shrink(seed, steps, n);
	plays_well(seed, steps, n, true);
	diag("seed %u, %zu actions: %s", seed, n, found->fault);
	printf("# ");
	for (size_t i = 0; i < n; i++)
		printf(" %s", model_kinds[steps[i].what].name);
	putchar('\n');
}

/* Plays COUNT sequences from SEED on in one child; the seed that failed, or 0. */
static unsigned share(unsigned seed, unsigned count, size_t actions)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct model_step steps[ACTIONS];

		for (found->seed = seed; found->seed < seed + count; found->seed++)
			if (!model_play(found->seed, steps, draw(found->seed, steps, actions), false))
				_exit(1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : found->seed;
}

int main(int argc, char **argv)
{
	unsigned seed = 1, count = 5000, failures = 0;
	size_t actions = ACTIONS;

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned n = (unsigned)strtoul(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			seed = n;
		else if (strcmp(argv[i], "--count") == 0)
			count = n;
		else if (strcmp(argv[i], "--actions") == 0)
			actions = min_u64(n, ACTIONS);
	}
	log_setup(LOG_LEVEL_ERROR + 1, LOG_FORM_TEXT);
	sim_disk = mmap(NULL, sizeof(*sim_disk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sim_disk == MAP_FAILED || found == MAP_FAILED)
		return 99;
	for (unsigned at = seed; at < seed + count && failures < 3;) {
		unsigned n = seed + count - at < SHARE ? seed + count - at : SHARE;
		unsigned bad = share(at, n, actions);

		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%u of %u sequences", at + n - seed, count);
		at = bad == 0 ? at + n : bad + 1;
		if (bad == 0)
			continue;
		failures++;
		explain(bad, actions);
	}
	diag("%u sequences of up to %zu actions from seed %u", count, actions, seed);
	ok(failures == 0, "store and forward keeps its promises in every sequence");
	return tap_done();
}
