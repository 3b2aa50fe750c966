/* SPDX-License-Identifier: Apache-2.0 */
/* log_writer.c — writes lines to stderr; in a daemon without blocking the caller.
 *
 *   log_write ──► ring ──► writer thread ──► stderr
 *                  └─ full: the line is dropped and counted
 *
 * write(2) to stderr blocks while the log collector behind a pipe does not read, or while a terminal is stopped
 * with ctrl-S. O_NONBLOCK cannot be used: it is a flag of the open file description, which the parent's shell and
 * its other children share. poll(2) before each write is not enough, because another writer to the same pipe can
 * fill it between the two calls. So a daemon copies its lines into a ring, and a separate thread, for which only
 * log_flush waits, writes them.
 *
 * Each entry of the ring is a struct entry and the bytes of one line. An entry has the number of lines that were
 * dropped before it, so the line that reports them is written in their place. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "log_writer.h"

enum { FLUSH_POLL_US = 1000, CRASH_FLUSH_MS = 1000 };

struct entry {
	uint32_t len;
	uint32_t padding; /* no uninitialised bytes in the ring */
	uint64_t lost;    /* lines lost between the entry before this one and this one */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	char ring[LOG_RING_BYTES];
	size_t from, used; /* index of the first used byte in ring, and number of used bytes */
	uint64_t lost;     /* lines lost since the last entry was added */
	bool running;
	bool failing;           /* stderr refused the last write */
	_Atomic uint64_t added; /* entries added to the ring */
	_Atomic uint64_t done;  /* entries written, or refused by stderr */
} writer = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

/* Blocks until LINE is written. 0, or the errno of the failed write. */
static int write_whole(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n == 0)
			return EIO; /* a retry could loop for ever */
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) { /* another process that shares stderr has set O_NONBLOCK */
			poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			return errno;
		}
	}
	return 0;
}

static void ring_put(const void *from, size_t len)
{
	size_t at = (writer.from + writer.used) % LOG_RING_BYTES;
	size_t first = min_u64(len, LOG_RING_BYTES - at);

	memcpy(writer.ring + at, from, first);
	memcpy(writer.ring, (const char *)from + first, len - first);
	writer.used += len;
}

static void ring_get(void *to, size_t len)
{
	size_t first = min_u64(len, LOG_RING_BYTES - writer.from);

	memcpy(to, writer.ring + writer.from, first);
	memcpy((char *)to + first, writer.ring, len - first);
	writer.from = (writer.from + len) % LOG_RING_BYTES;
	writer.used -= len;
}

void log_write(const char *line, size_t len)
{
	struct entry e = { .len = (uint32_t)len };

	pthread_mutex_lock(&writer.lock);
	if (!writer.running) {
		pthread_mutex_unlock(&writer.lock);
		write_whole(line, len); /* an error cannot be reported anywhere */
		return;
	}
	if (sizeof(e) + len > LOG_RING_BYTES - writer.used) {
		writer.lost++;
	} else {
		e.lost = writer.lost;
		writer.lost = 0;
		ring_put(&e, sizeof(e));
		ring_put(line, len);
		atomic_fetch_add(&writer.added, 1);
	}
	pthread_cond_signal(&writer.filled);
	pthread_mutex_unlock(&writer.lock);
}

/* Waits for an entry and copies its line to LINE. Without an entry, returns a count of lost lines alone (len 0),
 * unless stderr refused the last write. */
static struct entry next_entry(char *line)
{
	struct entry e = { 0 };

	pthread_mutex_lock(&writer.lock);
	while (writer.used == 0 && (writer.lost == 0 || writer.failing))
		pthread_cond_wait(&writer.filled, &writer.lock);
	if (writer.used > 0) {
		ring_get(&e, sizeof(e));
		ring_get(line, e.len);
	} else {
		e.lost = writer.lost;
		writer.lost = 0;
	}
	pthread_mutex_unlock(&writer.lock);
	return e;
}

static int report_lost(uint64_t lost, int refused)
{
	char message[160], line[LOG_LINE_BYTES];

	snprintf(message, sizeof(message), "log: %llu lines before this one were lost: stderr %s%s",
	        (unsigned long long)lost, refused == 0 ? "was not read, and the log buffer was full" : "refused them: ",
	        refused == 0 ? "" : strerror(refused));
	return write_whole(line, log_format(line, LOG_LEVEL_WARN, __FILE__, __LINE__, message));
}

static void *write_lines(void *unused)
{
	uint64_t lost = 0; /* not yet reported */
	int refused = 0;   /* errno of the last refused write since the last report; 0: none */

	for (;;) {
		char line[LOG_LINE_BYTES];
		struct entry e = next_entry(line);
		int rc = 0;

		lost += e.lost;
		if (lost > 0)
			rc = report_lost(lost, refused);
		if (rc == 0) {
			lost = 0;
			refused = 0;
			rc = write_whole(line, e.len);
		}
		if (rc != 0) {
			lost += e.len > 0;
			refused = rc;
		}
		pthread_mutex_lock(&writer.lock);
		writer.failing = rc != 0;
		pthread_mutex_unlock(&writer.lock);
		atomic_fetch_add(&writer.done, e.len > 0);
	}
	return unused;
}

void log_flush(uint64_t ms)
{
	uint64_t until = clock_mono_us() + ms * US_PER_MS, added = atomic_load(&writer.added);
	struct timespec nap = { 0, FLUSH_POLL_US * 1000 };

	while (atomic_load(&writer.done) < added && clock_mono_us() < until)
		nanosleep(&nap, NULL);
}

/* SA_RESETHAND has restored the default effect, which raise triggers when the handler returns. */
static void on_crash(int signum)
{
	int saved_errno = errno;

	log_flush(CRASH_FLUSH_MS);
	raise(signum);
	errno = saved_errno;
}

/* Installs on_crash for signals with the default handler only; a sanitizer keeps its own handlers. */
static void install_crash_handlers(void)
{
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
	struct sigaction flush = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND }, now;

	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		if (sigaction(crashes[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			sigaction(crashes[i], &flush, NULL);
}

int log_begin_writer(void)
{
	pthread_attr_t detached;
	pthread_t thread;
	sigset_t all, before;
	int rc;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all); /* other threads handle signals */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &detached, write_lines, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	if (rc != 0)
		return E_NOMEM;
	pthread_mutex_lock(&writer.lock);
	writer.running = true;
	pthread_mutex_unlock(&writer.lock);
	install_crash_handlers();
	return 0;
}
