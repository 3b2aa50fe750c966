/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.c — signals, what the service manager is told, and the end of the process.
 *
 * The default action of nearly every signal ends the process, and the spans in memory are lost. Each signal
 * therefore has a row in signals[]. SIGQUIT has none: operators send it to get a core dump, and it ends the
 * process as SIGKILL does. log_writer.c handles the signals of program faults (SIGSEGV and others).
 *
 * A second SIGTERM does not hurry the stop, because supervisors repeat it and wrappers forward a signal that the
 * whole process group received. A second SIGINT does: an operator at a terminal does not want to wait. */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon.h"
#include "base/descriptors.h"
#include "base/log.h"

enum signal_effect { STOPS, STOPS_OR_HURRIES, RELOADS, LOGGED, IGNORED };

struct daemon_signal {
	int signum;
	const char *name;
	enum signal_effect effect;
	const char *note; /* of LOGGED: why the signal has no effect */
};

static const struct daemon_signal signals[] = {
	{ SIGTERM, "SIGTERM", STOPS, NULL },
	{ SIGINT, "SIGINT", STOPS_OR_HURRIES, NULL },
	/* SIGPWR: power is about to fail. SIGXCPU: the soft limit of CPU time is reached; the hard limit kills. */
	{ SIGPWR, "SIGPWR", STOPS, NULL },
	{ SIGXCPU, "SIGXCPU", STOPS, NULL },
	{ SIGHUP, "SIGHUP", RELOADS, NULL },
	{ SIGUSR1, "SIGUSR1", LOGGED, "it has no meaning here" },
	{ SIGUSR2, "SIGUSR2", LOGGED, "it has no meaning here" },
	/* the failed write or send returns EPIPE or EFBIG instead */
	{ SIGPIPE, "SIGPIPE", IGNORED, NULL },
	{ SIGXFSZ, "SIGXFSZ", IGNORED, NULL },
	/* timers and I/O signals that spanspool does not use */
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

/* Keeps a handler that was installed before main, for example by a profiler. */
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
	prctl(PR_SET_NAME,
	        program_invocation_short_name); /* a program that was executed as /proc/self/exe is called exe */
	/* The parent process may have blocked some of these signals. */
	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		sigaddset(&ours, signals[i].signum);
		if (signals[i].effect == RELOADS || signals[i].effect == LOGGED || signals[i].effect == IGNORED)
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

void daemon_serve(struct daemon *d)
{
	health_serve(d->health, true);
	service_close_unused_sockets(d->command);
	service_ready(&d->service);
}

void daemon_stop(struct daemon *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	reload_close(&d->reload);
	health_serve(d->health, false);
	service_stopping(&d->service);
	d->stop(d->arg);
}

static void handle_stop(struct daemon *d, const struct daemon_signal *s)
{
	d->told_to_stop = true;
	if (!d->stopping) {
		log_info("%s: stopping (%s)", d->command, s->name);
		daemon_stop(d);
	} else if (s->effect == STOPS_OR_HURRIES) {
		log_warn("%s: %s again, the stop waits for nothing more", d->command, s->name);
		d->hurry(d->arg);
	} else {
		log_info("%s: %s again, the stop is under way", d->command, s->name);
	}
}

static void on_reloaded(void *arg)
{
	struct daemon *d = arg;

	if (!d->stopping)
		service_ready(&d->service);
}

static void handle_reload(struct daemon *d, const struct daemon_signal *s)
{
	if (d->stopping) {
		log_info("%s: %s is ignored: the stop is under way", d->command, s->name);
		return;
	}
	service_reloading(&d->service);
	reload_start(&d->reload);
}

static void on_signal(void *arg)
{
	const struct daemon_watch *w = arg;

	if (w->signal->effect == RELOADS)
		handle_reload(w->daemon, w->signal);
	else if (w->signal->effect == LOGGED)
		log_info("%s: %s is ignored: %s", w->daemon->command, w->signal->name, w->signal->note);
	else
		handle_stop(w->daemon, w->signal);
}

static int watch_signals(struct daemon *d, struct loop *l)
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

int daemon_open(struct daemon *d, struct loop *l, struct why *why)
{
	d->reload = (struct reload){ .opts = d->again, .loop = l };
	d->reload.opts.arg = d->arg;
	d->reload.opts.done = on_reloaded;
	d->reload.opts.done_arg = d;
	if (watch_signals(d, l) < 0)
		return why_set(why, E_NOMEM, "signals");
	return service_open(&d->service, l, &d->told, why);
}

void daemon_close(struct daemon *d)
{
	reload_close(&d->reload);
	service_close(&d->service);
}

static void ignore_signals(struct daemon *d)
{
	sigset_t all, before;

	/* Between signal_watch_free and SIG_IGN a signal has its default action, so all are blocked meanwhile. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		signal_watch_free(d->watches[i].watch);
		d->watches[i].watch = NULL;
		signal(signals[i].signum, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void daemon_start(const char *command)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	log_info("%s: %s %s on host %s, process %d", command, PACKAGE_NAME, PACKAGE_VERSION, host, (int)getpid());
	service_adopt_sockets(command);
}

static volatile sig_atomic_t status_at_end;

static void on_exit_timer(int signum)
{
	(void)signum;
	log_flush(LAST_LINES_MS);
	_exit(status_at_end);
}

static void start_exit_timer(unsigned ms)
{
	struct itimerval once = { .it_value = { .tv_usec = (suseconds_t)ms * 1000 } };

	setitimer(ITIMER_REAL, &once, NULL);
}

/* Freeing a Kafka handle or an HTTP client joins its threads. A thread that resolves a name may be blocked for
 * many seconds by a name server that does not answer, so a timer ends the process after FREE_MS. */
void daemon_begin_exit(struct daemon *d, int status)
{
	ignore_signals(d);
	status_at_end = status;
	signal(SIGALRM, on_exit_timer);
	start_exit_timer(FREE_MS);
}

int daemon_end_exit(int status)
{
	start_exit_timer(0);
	signal(SIGALRM, SIG_IGN);
	log_flush(LAST_LINES_MS);
	return status;
}
