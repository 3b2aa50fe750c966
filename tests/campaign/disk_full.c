/* SPDX-License-Identifier: Apache-2.0 */
/* disk_full.c — a real file system that somebody else fills, and one that its kernel makes read-only,
 * under an agent's load.
 *
 *	disk_full [--seed N] [--count N]
 *
 * A round mounts a tmpfs in a mount name space of its own, spools into it, lets another file take all
 * that is free, and gives it back; the seed draws rates and amounts. Then an ext4 in a loop file goes
 * read-only as it does after an error. Needs root. What was dropped must be what the ledger says, to
 * the span. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"
#include "base/log.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"
#include "loglines.h"

enum { DISK_MIB = 24, MOST_BURSTS = 200 };

struct disk {
	struct agent_process s;
	char at[300];     /* where it is mounted */
	char filler[320]; /* what somebody else has on it */
	char loop[64];    /* the device, "" for a tmpfs */
	unsigned random;
};

static unsigned roll(struct disk *d, unsigned n)
{
	d->random = d->random * 1103515245 + 12345;
	return (d->random >> 12) % n;
}

/* ---- the disk ---- */

static bool run(const char *fmt, ...) PRINTF(1, 2);
static bool run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Its spool lies on the disk; its log does not, or it would be the log that fills it. */
static void lay(struct disk *d)
{
	char link[300], target[330];

	snprintf(target, sizeof(target), "%s/spool", d->at);
	snprintf(link, sizeof(link), "%s/spool", d->s.rig.directory);
	if (mkdir(target, 0700) < 0 || symlink(target, link) < 0)
		rounds_bail("the spool cannot be laid out");
}

static void mount_memory(struct disk *d)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%dm", DISK_MIB);
	if (mount("tmpfs", d->at, "tmpfs", 0, size) < 0)
		rounds_bail("a tmpfs cannot be mounted");
	lay(d);
}

static void open_disk(struct disk *d, unsigned seed)
{
	*d = (struct disk){ .random = seed };
	agent_process_open(&d->s, AGENT_PROCESS_KAFKA);
	snprintf(d->at, sizeof(d->at), "%s/disk", d->s.rig.directory);
	snprintf(d->filler, sizeof(d->filler), "%s/somebody-elses", d->at);
	if (mkdir(d->at, 0700) < 0)
		rounds_bail("no directory");
}

static void close_disk(struct disk *d)
{
	if (d->s.agent != NULL && child_running(d->s.agent))
		is_int(agent_process_stop(&d->s), 0, "SIGTERM ends it with 0");
	umount2(d->at, MNT_DETACH);
	agent_process_end(&d->s);
}

/* Takes all that is free, to the last block. */
static void fill(struct disk *d)
{
	static const char block[1 << 16];
	int fd = open(d->filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size_t size = sizeof(block);

	if (fd < 0)
		return;
	while (size >= 4096)
		if (write(fd, block, size) != (ssize_t)size)
			size /= 2;
	close(fd);
}

/* ---- what is waited for ---- */

static bool is_ready(void *arg)
{
	return agent_process_get(arg, "/health/ready") == 200;
}

static bool is_unready(void *arg)
{
	return agent_process_get(arg, "/health/ready") == 503;
}

static uint64_t dropped(struct agent_process *s)
{
	const struct ledger *l = agent_process_ledger(s);
	uint64_t n = 0;

	for (int p = LEDGER_DROPPED_FIRST; p < LEDGER_PLACES_N; p++)
		n += l->place[p].spans;
	return n;
}

/* Neither what has come nor what a socket still has. */
static bool holds_nothing_in_memory(void *arg)
{
	struct agent_process *s = arg;
	const struct ledger *l = agent_process_ledger(s);

	return s->answered && l->accepted.spans == s->next - 1 - s->refused && l->place[LEDGER_IN_FLIGHT].spans == 0;
}

struct goal {
	struct agent_process *s;
	uint64_t spans;
};

static bool has_delivered(void *arg)
{
	struct goal *g = arg;

	return agent_process_ledger(g->s)->place[LEDGER_DELIVERED].spans >= g->spans;
}

/* Lines of the agent's log that have TEXT in them. */
static int said(struct agent_process *s, const char *text)
{
	return log_lines_with(agent_process_log(s), text);
}

/* Lines that begin with TEXT after "spool: ", as a warning or as an error. */
static int spool_said(struct agent_process *s, const char *text)
{
	char line[128];
	int n;

	snprintf(line, sizeof(line), "warn  spool: %s", text);
	n = said(s, line);
	snprintf(line, sizeof(line), "error spool: %s", text);
	return n + said(s, line);
}

static void all_is_told(struct disk *d)
{
	struct agent_process *s = &d->s;
	struct tally_count c;

	ok(agent_process_is_empty(s), "all leave the agent");
	ok(agent_process_read_topic(s, NULL) > 0, "every record is a whole batch");
	c = tally_total(s->tally);
	is_int(s->ledger.accepted.spans, c.sent - s->refused, "all that was sent was accepted");
	is_int(c.missing, dropped(s), "what is missing is what the ledger calls dropped");
	is_int(s->ledger.place[LEDGER_DELIVERED].spans, c.stored, "what is there is what it calls delivered");
	is_int(tally_strays(s->tally), 0, "nothing else is there");
	ok(c.duplicates <= s->ledger.maybe_duplicate.spans, "%" PRIu64 " came twice, all marked", c.duplicates);
	diag("%" PRIu64 " spans sent, %" PRIu64 " delivered, %" PRIu64 " dropped with a cause", c.sent, c.stored,
	        c.missing);
}

/* ---- the rounds ---- */

/* Sends until the ledger has dropped something; the disk is full and Kafka away. */
static bool sends_until_dropped(struct disk *d)
{
	uint64_t before = dropped(&d->s);

	for (int i = 0; i < MOST_BURSTS; i++) {
		agent_process_send(&d->s, 1000 + 10 * roll(d, 100), 10000);
		fill(d);
		if (dropped(&d->s) > before)
			return true;
	}
	return false;
}

static void flows_past_a_full_disk(struct disk *d)
{
	struct agent_process *s = &d->s;
	uint64_t sent = 4000 + 10 * roll(d, 100);
	struct goal g = { s, 0 };

	agent_process_send(s, 2000, 10000);
	fill(d);
	agent_process_send(s, sent, 5000);
	g.spans = 2000 + sent;
	ok(agent_process_until(s, has_delivered, &g), "full, Kafka up: fresh spans are delivered");
	is_int(dropped(s), 0, "and none is dropped");
}

static bool makes_way(void *arg)
{
	return said(arg, "the oldest batches are dropped") > 0;
}

static bool is_called_well(void *arg)
{
	return said(arg, "spool: storing") > 0;
}

/* While the oldest make way, what comes is stored: a warning is enough. */
static void heals(struct disk *d, bool drops_oldest)
{
	struct agent_process *s = &d->s;
	uint64_t lost, began;

	if (drops_oldest)
		ok(agent_process_until(s, makes_way, s), "the log says that the oldest are dropped");
	else
		ok(agent_process_until(s, is_unready, s), "/health/ready says 503");
	unlink(d->filler);
	began = clock_mono_us();
	ok(agent_process_until(s, is_ready, s), "freed: it is ready again by itself");
	ok(agent_process_until(s, holds_nothing_in_memory, s), "and what was in memory is stored");
	diag("spooling resumed %.2f s after the space was given back", (double)(clock_mono_us() - began) / 1e6);
	lost = dropped(s);
	agent_process_send(s, 2000, 10000);
	ok(agent_process_until(s, holds_nothing_in_memory, s), "what comes now is stored too");
	is_int(dropped(s), lost, "nothing more is dropped");
}

static void somebody_fills_it(unsigned seed, const char *policy)
{
	struct disk d;
	struct agent_process *s = &d.s;
	char on_full[64];

	snprintf(on_full, sizeof(on_full), "--spool.on-full=%s", policy);
	diag("seed %u, %s", seed, policy);
	open_disk(&d, seed);
	mount_memory(&d);
	ok(agent_process_start(s, on_full, "--spool.segment-bytes=4MiB", "--flight.max-bytes=2MiB", NULL),
	        "the agent serves");
	flows_past_a_full_disk(&d);
	kafka_mock_down(s->rig.kafka);
	ok(sends_until_dropped(&d), "full, Kafka away: in the end something is dropped");
	agent_process_ledger(s);
	is_int(s->ledger.place[LEDGER_DISK_ERROR].spans, 0, "for the one cause, spool_full");
	heals(&d, strcmp(policy, "drop-oldest") == 0);
	kafka_mock_up(s->rig.kafka);
	all_is_told(&d);
	is_int(spool_said(s, "no room"), 1, "the log says once that it is full");
	agent_process_until(s, is_called_well, s);
	is_int(said(s, "spool: storing"), 1, "and once that it is over");
	is_int(said(s, "room: cannot preallocate the next segment"), 1, "it was warned before");
	is_int(said(s, "room: there is room"), 1, "and that is over too");
	close_disk(&d);
}

/* The oldest make way for hours: that is a state, not news with each segment. */
static void the_limit_is_reached_for_long(unsigned seed)
{
	struct disk d;
	struct agent_process *s = &d.s;

	diag("seed %u, drop-oldest below a limit", seed);
	open_disk(&d, seed);
	mount_memory(&d);
	ok(agent_process_start(s, "--spool.on-full=drop-oldest", "--spool.segment-bytes=4MiB",
	           "--spool.max-bytes=10MiB", "--flight.max-bytes=2MiB", NULL),
	        "the agent serves");
	kafka_mock_down(s->rig.kafka);
	agent_process_send(s, 60000, 10000);
	ok(agent_process_until(s, holds_nothing_in_memory, s), "all is stored or dropped");
	ok(dropped(s) > 0, "%" PRIu64 " spans are dropped", dropped(s));
	is_int(s->ledger.place[LEDGER_DISK_ERROR].spans, 0, "for the one cause, spool_full");
	ok(spool_said(s, "no room") <= 1, "the log says %d times that it is full", spool_said(s, "no room"));
	kafka_mock_up(s->rig.kafka);
	all_is_told(&d);
	close_disk(&d);
}

static bool mount_loop(struct disk *d)
{
	char image[320], find[400];
	FILE *p;

	snprintf(image, sizeof(image), "%s/image", d->s.rig.directory);
	if (!run("truncate -s 48M %s && mkfs.ext4 -q -F %s && mount -o loop,errors=remount-ro %s "
	         "%s",
	            image, image, image, d->at))
		return false;
	snprintf(find, sizeof(find), "losetup -j %s | cut -d: -f1", image);
	p = popen(find, "r");
	if (p == NULL || fgets(d->loop, sizeof(d->loop), p) == NULL)
		rounds_bail("the loop device cannot be found");
	pclose(p);
	d->loop[strcspn(d->loop, "\n")] = '\0';
	return true;
}

static void make_read_only(struct disk *d)
{
	ok(run("echo 1 >/sys/fs/ext4/%s/trigger_fs_error", strrchr(d->loop, '/') + 1), "the kernel makes it read-only");
}

/* What such a file system needs: to be unmounted, checked and mounted again. */
static void mend_disk(struct disk *d)
{
	ok(run("umount %s && e2fsck -fy %s/image >%s/fsck.log 2>&1; mount -o loop %s/image %s", d->at,
	           d->s.rig.directory, d->s.rig.directory, d->s.rig.directory, d->at),
	        "checked and mounted again");
}

static void the_kernel_makes_it_read_only(unsigned seed)
{
	struct disk d;
	struct agent_process *s = &d.s;
	struct goal g = { s, 0 };

	diag("seed %u, read-only", seed);
	open_disk(&d, seed);
	if (!mount_loop(&d)) {
		rounds_skip("no loop device can be mounted here");
		agent_process_close(s);
		return;
	}
	lay(&d);
	ok(agent_process_start(s, "--spool.segment-bytes=4MiB", "--flight.max-bytes=2MiB", NULL), "the agent serves");
	kafka_mock_down(s->rig.kafka);
	agent_process_send(s, 3000, 10000);
	ok(agent_process_holds(s, LEDGER_IN_SPOOL, 3000), "3,000 spans are in the spool");
	make_read_only(&d);
	agent_process_send(s, 1000, 10000);
	ok(agent_process_until(s, is_unready, s), "/health/ready says 503");
	kafka_mock_up(s->rig.kafka);
	g.spans = 1000;
	ok(agent_process_until(s, has_delivered, &g), "Kafka back: what was in memory is delivered");
	agent_process_send(s, 3000, 3000);
	g.spans = 4000;
	ok(agent_process_until(s, has_delivered, &g), "and what comes");
	ok(agent_process_until(s, holds_nothing_in_memory, s), "nothing is in memory only");
	is_int(dropped(s), 0, "none is dropped");
	is_int(spool_said(s, "read-only file system"), 1, "the log says once what it is");
	agent_process_kill(s);
	mend_disk(&d);
	ok(agent_process_start(s, "--spool.segment-bytes=4MiB", NULL), "an agent starts on it");
	ok(agent_process_is_empty(s), "all leave it");
	ok(agent_process_read_topic(s, NULL) > 0, "every record is a whole batch");
	is_int(tally_range(s->tally, 1, 3001).missing, 0, "none of what was spooled is missing");
	is_int(tally_total(s->tally).missing, 0, "nor any other");
	close_disk(&d);
}

int main(int argc, char **argv)
{
	struct rounds c = rounds_options(argc, argv, 1);

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return rounds_skip_all("only root may mount a file system");
	for (unsigned seed = c.seed; seed < c.seed + c.count; seed++) {
		rounds_progress(&c, seed);
		somebody_fills_it(seed, "drop-newest");
		somebody_fills_it(seed, "drop-oldest");
		the_limit_is_reached_for_long(seed);
		the_kernel_makes_it_read_only(seed);
	}
	diag("%u rounds from seed %u", c.count, c.seed);
	return tap_done();
}
