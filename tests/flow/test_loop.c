/* test_loop.c — work beside the loop: what waits for somebody else keeps no other work from being done. */
#include <fcntl.h>
#include <unistd.h>

#include "looptest.h"

enum { WAITING = 32 }; /* far more than libuv has workers */

static int gate[2]; /* a pipe: who reads it waits until the test writes */
static size_t waited, worked;

static void wait_for_the_gate(void *arg)
{
	char byte;

	(void)arg;
	while (read(gate[0], &byte, 1) < 0)
		;
}

static void count_waited(void *arg)
{
	(void)arg;
	waited++;
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void count_worked(void *arg)
{
	(void)arg;
	worked++;
}

static void work_is_done_while_others_wait(void)
{
	struct loop *l;
	struct why why;
	int started = 0;

	if (pipe2(gate, O_CLOEXEC) < 0 || loop_open(&l, &why) < 0) {
		printf("Bail out! no pipe or no loop\n");
		exit(99);
	}
	for (int i = 0; i < WAITING; i++)
		started += work_start_alone(l, wait_for_the_gate, count_waited, NULL) == 0;
	is_int(started, WAITING, "many threads wait for somebody else");
	is_int(work_start(l, do_nothing, count_worked, NULL), 0, "one more thing is to be done");
	ok(run_until_count(l, &worked, 1), "it is done");
	is_int(waited, 0, "while all others still wait");
	close(gate[1]);
	loop_free(l);
	is_int(waited, WAITING, "freeing the loop waits for them");
	close(gate[0]);
}

int main(void)
{
	work_is_done_while_others_wait();
	return tap_done();
}
