/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.c — work beside the loop: what waits for somebody else keeps no other work from being done; and timers
 * that start themselves. */
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

/* ---- timers ---- */

enum { RINGS_MOST = 1000 };

struct restless {
	struct timer *timer;
	size_t rings, read;
	int fd;
};

static void ring_again(void *arg)
{
	struct restless *r = arg;

	if (++r->rings < RINGS_MOST) /* so that a loop that never turns fails instead of standing still */
		timer_start(r->timer, 0);
}

static void read_byte(void *arg, int events)
{
	struct restless *r = arg;
	char byte;

	(void)events;
	if (read(r->fd, &byte, 1) == 1)
		r->read = r->rings;
}

/* A byte is in the pipe before the loop runs. */
static void a_timer_that_starts_itself_lets_descriptors_have_their_turn(void)
{
	struct restless r = { 0 };
	struct watch *watch;
	struct loop *l;
	struct why why;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || loop_open(&l, &why) < 0 || write(ends[1], "x", 1) != 1 ||
	        timer_open(&r.timer, l, ring_again, &r) < 0 || watch_open(&watch, l, ends[0], read_byte, &r) < 0) {
		printf("Bail out! no pipe or no loop\n");
		exit(99);
	}
	r.fd = ends[0];
	watch_set(watch, WATCH_READ);
	timer_start(r.timer, 0);
	ok(run_until_count(l, &r.read, 1), "the byte is read");
	ok(r.read <= 2, "before the timer has rung a third time (%zu)", r.read);
	timer_free(r.timer);
	watch_free(watch);
	loop_free(l);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	a_timer_that_starts_itself_lets_descriptors_have_their_turn();
	work_is_done_while_others_wait();
	return tap_done();
}
