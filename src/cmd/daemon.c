/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.c — signals, and the end of the process.
 *
 * Nearly every signal ends a process that says nothing about it. A daemon that is ended so loses what
 * is in memory, so each signal has a row here. SIGQUIT has none: it is how an operator asks for a core
 * dump, and it ends the process as SIGKILL does. Signals of a fault of the program are log_writer.c's.
 *
 * SIGTERM twice is no wish for haste: supervisors repeat it, and a wrapper forwards what the whole
 * process group was sent. SIGINT twice comes from somebody at a terminal who does not want to wait. */
#include <config.h>

#include <limits.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon.h"
#include "base/descriptors.h"
#include "base/log.h"

enum signal_effect { STOPS, STOPS_OR_HURRIES, TOLD, IGNORED };

struct daemon_signal {
	int signum;
	const char *name;
	enum signal_effect effect;
	const char *note; /* of TOLD: why nothing happens */
};

static const struct daemon_signal signals[] = {
	{ SIGTERM, "SIGTERM", STOPS, NULL },
	{ SIGINT, "SIGINT", STOPS_OR_HURRIES, NULL },
	/* the power is about to fail; the soft limit of CPU time is used up, the hard one kills */
	{ SIGPWR, "SIGPWR", STOPS, NULL },
	{ SIGXCPU, "SIGXCPU", STOPS, NULL },
	{ SIGHUP, "SIGHUP", TOLD, "options are read at the start only, restart to change them" },
	{ SIGUSR1, "SIGUSR1", TOLD, "it has no meaning here" },
	{ SIGUSR2, "SIGUSR2", TOLD, "it has no meaning here" },
	/* a write or send that fails says so by its errno */
	{ SIGPIPE, "SIGPIPE", IGNORED, NULL },
	{ SIGXFSZ, "SIGXFSZ", IGNORED, NULL },
	/* timers that nothing here uses */
	{ SIGALRM, "SIGALRM", IGNORED, NULL },
	{ SIGVTALRM, "SIGVTALRM", IGNORED, NULL },
	{ SIGPROF, "SIGPROF", IGNORED, NULL },
	{ SIGIO, "SIGIO", IGNORED, NULL },
#ifdef SIGSTKFLT
	{ SIGSTKFLT, "SIGSTKFLT", IGNORED, NULL },
#endif
};
_Static_assert(ARRAY_LEN(signals) <= DAEMON_SIGNALS, "one watch a row");

enum { FREE_MS = 500, LAST_LINES_MS = 1000 };

static bool is_watched(const struct daemon_signal *s)
{
	return s->effect != IGNORED;
}

/* A disposition that was set before main, by a profiler say, stays. */
static void ignore_unless_set(int signum)
{
	struct sigaction now;

	if (sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(signum, SIG_IGN);
}

int daemon_begin(const char *command)
{
	sigset_t ours;
	int rc;

	descriptors_allow_most();
	/* Whoever started this process may have blocked some. */
	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		sigaddset(&ours, signals[i].signum);
		if (signals[i].effect == TOLD || signals[i].effect == IGNORED)
			ignore_unless_set(signals[i].signum);
	}
	for (int signum = SIGRTMIN; signum <= SIGRTMAX; signum++)
		ignore_unless_set(signum);
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
	rc = log_begin_writer();
	if (rc < 0)
		log_plain("spanspool %s: the thread that writes the log cannot be started", command);
	return rc;
}

static void stop(struct daemon *d, const struct daemon_signal *s)
{
	if (!d->stopping) {
		d->stopping = true;
		log_info("%s: stopping (%s)", d->command, s->name);
		d->stop(d->arg);
	} else if (s->effect == STOPS_OR_HURRIES) {
		log_warn("%s: %s again, the stop waits for nothing more", d->command, s->name);
		d->hurry(d->arg);
	} else {
		log_info("%s: %s again, the stop is under way", d->command, s->name);
	}
}

static void on_signal(void *arg)
{
	const struct daemon_watch *w = arg;

	if (w->signal->effect == TOLD)
		log_info("%s: %s is ignored: %s", w->daemon->command, w->signal->name, w->signal->note);
	else
		stop(w->daemon, w->signal);
}

int daemon_watch_signals(struct daemon *d, struct loop *l)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct daemon_watch *w = &d->watches[i];
		int rc;

		if (!is_watched(&signals[i]))
			continue;
		*w = (struct daemon_watch){ .daemon = d, .signal = &signals[i] };
		rc = signal_watch_open(&w->watch, l, signals[i].signum, on_signal, w);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void forget_signals(struct daemon *d)
{
	sigset_t all, before;

	/* Without its watch a signal has its default effect until it is ignored. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		signal_watch_free(d->watches[i].watch);
		d->watches[i].watch = NULL;
		signal(signals[i].signum, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void daemon_log_start(const char *command)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	log_info("%s: %s %s on host %s, process %d", command, PACKAGE_NAME, PACKAGE_VERSION, host, (int)getpid());
}

static volatile sig_atomic_t status_at_end;

static void on_late(int signum)
{
	(void)signum;
	log_flush(LAST_LINES_MS);
	_exit(status_at_end);
}

static void end_after(unsigned ms)
{
	struct itimerval once = { .it_value = { .tv_usec = (suseconds_t)ms * 1000 } };

	setitimer(ITIMER_REAL, &once, NULL);
}

/* Freeing a Kafka handle or an HTTP client joins the threads in which names are being resolved, and a
 * name server that does not answer keeps those for many seconds. */
void daemon_frees(struct daemon *d, int status)
{
	forget_signals(d);
	status_at_end = status;
	signal(SIGALRM, on_late);
	end_after(FREE_MS);
}

int daemon_freed(int status)
{
	end_after(0);
	signal(SIGALRM, SIG_IGN);
	log_flush(LAST_LINES_MS);
	return status;
}
