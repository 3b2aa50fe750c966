/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_drain.c — the drain: its parts, opened top to bottom and closed bottom to top.
 *
 *   OPENING ──all parts──► SERVING ──signal──► STOPPING: last answers, commit, group left
 *                                                 └──► parts freed, exit status of conclude()
 *
 * on_finished (all records are done) and on_lost (records were lost to retention) enter STOPPING too. A second SIGINT
 * exits 1 at once. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drainer.h"

static const struct options_group groups[] = {
	{ "Kafka", drain_kafka_rows, 0 },
	{ "Kafka, by Jaeger's names", jaeger_consumer_rows, offsetof(struct drainer_settings, jaeger) },
	{ "Collector", collector_rows, offsetof(struct drainer_settings, collector) },
	{ "Drain", drain_rows, 0 },
	{ "Replay", drain_replay_rows, 0 },
	{ "HTTP", drain_http_rows, 0 },
	{ "Admin port", access_rows, offsetof(struct drainer_settings, access) },
	{ NULL, NULL, 0 },
};

static int check(const struct conf *c, const void *settings, struct why *why)
{
	const struct drainer_settings *set = settings;

	return drain_check(c, set, why) < 0 ? why->code : admin_check(c, &set->access, why);
}

const struct options_spec drain_options = {
	.command = "drain",
	.summary = "spans from Kafka to a collector",
	.manual = "spanspool-drain(8)",
	.groups = groups,
	.size = sizeof(struct drainer_settings),
	.finish = drain_options_finish,
	.daemon = true,
	.check = check,
};

enum { ARENAS = 2, LAST_LINES_MS = 1000 };

static void on_stopped(void *arg)
{
	struct drainer *d = arg;

	loop_stop(d->loop);
}

static void on_stop(void *arg)
{
	struct drainer *d = arg;

	if (d->directory != NULL)
		from_directory_stop(d->directory, d->set.shutdown_us / US_PER_MS, on_stopped, d);
	else
		drain_stop(d->drain, d->set.shutdown_us / US_PER_MS, on_stopped, d);
}

/* An exit without a stop loses nothing: the next drain reads the records again whose offsets are not committed. */
static void on_second_sigint(void *arg)
{
	(void)arg;
	log_error("drain: ended before its stop was over, what was in flight will be delivered "
	          "again");
	log_flush(LAST_LINES_MS);
	_exit(EXIT_FAILED);
}

static void on_finished(void *arg)
{
	struct drainer *d = arg;

	log_info("drain: all records of the %s are done", d->set.from_quarantine ? "quarantine" : "range");
	daemon_stop(&d->daemon);
}

static void on_lost(void *arg)
{
	struct drainer *d = arg;

	log_error("drain: stopping, as drain.on-retention-loss says: no record after the missing "
	          "offsets was sent; to accept the loss, start with "
	          "--drain.on-retention-loss=continue");
	d->halted = true;
	timer_start(d->halt, 0); /* not from within the consumer's call */
}

static void on_halt(void *arg)
{
	struct drainer *d = arg;

	daemon_stop(&d->daemon);
}

static void service_status(void *arg, char *to, size_t cap)
{
	const struct drainer *d = arg;
	struct buf names = { 0 };

	collector_names(&d->set.collector, &names);
	snprintf(to, cap, "%s: %s to %s", d->daemon.stopping ? "stopping" : "serving",
	        d->directory != NULL ? d->set.quarantine : d->set.topic, buf_cstr(&names));
	health_add_worst(&d->health, to, cap);
	buf_free(&names);
}

static int open_halt(struct drainer *d, struct why *why)
{
	return timer_open(&d->halt, d->loop, on_halt, d) < 0 ? why_set(why, E_NOMEM, "drain") : 0;
}

static int open_directory(struct drainer *d, const struct drain_opts *o, struct why *why)
{
	struct from_directory_opts opts = {
		.path = d->set.quarantine_where,
		.exporter = o->exporter,
		.max_bytes = o->max_bytes,
		.counts = o->counts,
		.finished = on_finished,
		.finished_arg = d,
	};

	return from_directory_open(&d->directory, d->loop, &opts, &d->health, why);
}

static int open_drain(struct drainer *d, struct why *why)
{
	const struct drainer_settings *set = &d->set;
	struct drain_opts o = {
		.exporter = {
			.max_in_flight = set->max_in_flight,
			.max_bytes = set->max_bytes,
		},
		.max_bytes = set->max_bytes,
		.max_ahead = set->max_ahead,
		.from = set->from,
		.until = set->until,
		.counts = set->dry_run ? &d->counts : NULL,
		.from_quarantine = set->from_quarantine,
		.refused = set->from_quarantine ? &d->refused : NULL,
		.stops_at_loss = set->on_loss == DRAIN_STOP_AT_LOSS,
		.lost = on_lost,
		.finished = on_finished,
		.finished_arg = d,
	};

	collector_exporter_opts(&set->collector, &o.exporter);
	if (set->reads_directory)
		return open_directory(d, &o, why);
	if (drain_kafka_opts(set, &d->for_consumer, &d->for_producer, &o, why) < 0)
		return why->code;
	return drain_open(&d->drain, d->loop, &o, &d->health, why);
}

static int open_admin(struct drainer *d, struct why *why)
{
	struct admin_opts o = {
		.command = "drain",
		.set = &d->set.access,
		.health = &d->health,
		.conf = d->options.conf,
		.metrics = drainer_metrics,
		.ledger = drainer_ledger,
		.status = drainer_status,
		.series = drainer_series,
		.sample = drainer_sample,
		.note_health = drainer_note_health,
		.arg = d,
	};

	if (strcmp(d->set.admin, "none") == 0)
		return 0;
	if (units_hostport(d->set.admin, &o.at, why) < 0 || admin_open(&d->admin, d->loop, &o, why) < 0)
		return why_wrap(why, "admin.http.host-port");
	return 0;
}

static int apply_log(void *arg, struct why *why)
{
	const struct drainer *d = arg;

	(void)why;
	log_setup(d->options.log_level, d->options.log_form);
	return 0;
}

/* on_stop reads the setting. */
static int apply_nothing(void *arg, struct why *why)
{
	(void)arg;
	(void)why;
	return 0;
}

static const struct reload_row reload_rows[] = {
	{ "log-level", apply_log },
	{ "log-encoding", apply_log },
	{ "shutdown.timeout", apply_nothing },
	{ NULL, NULL },
};

static int open_signals(struct drainer *d, struct why *why)
{
	d->daemon = (struct daemon){
		.command = "drain",
		.stop = on_stop,
		.hurry = on_second_sigint,
		.arg = d,
		.health = &d->health,
		.again = { .spec = &drain_options,
		        .options = &d->options,
		        .settings = &d->set,
		        .argc = d->argc,
		        .argv = d->argv,
		        .rows = reload_rows },
		.told = { .status = service_status, .arg = d },
	};
	return daemon_open(&d->daemon, d->loop, why);
}

static int (*const parts[])(struct drainer *d, struct why *why) = { open_halt, open_drain, open_admin, open_signals,
	drainer_progress_open };

static void close_parts(struct drainer *d)
{
	drainer_progress_close(d);
	daemon_close(&d->daemon);
	admin_free(d->admin);
	drain_free(d->drain);
	from_directory_free(d->directory);
	timer_free(d->halt);
	loop_free(d->loop);
	properties_free(&d->for_consumer);
	properties_free(&d->for_producer);
	replay_counts_free(&d->counts);
}

/* The exit status of a drain that was stopped. A drain with a group of its own commits no offsets that another run
 * could continue from, so for it an early end is a failure. */
static int conclude(struct drainer *d)
{
	struct drain_progress p;

	drainer_progress_close(d);
	if (!d->set.dry_run)
		drainer_log_stop(d);
	if (d->halted)
		return EXIT_FAILED;
	if (d->set.from_quarantine && !d->set.dry_run)
		return drainer_report_from_quarantine(d);
	drainer_progress_of(d, &p);
	if (d->set.own_group && !p.finished) {
		log_error("drain: stopped before all records up to --until were done; the next "
		          "replay begins anew");
		return EXIT_FAILED;
	}
	return d->set.dry_run ? drainer_report(d) : EXIT_FINE;
}

int cmd_drain(int argc, char **argv)
{
	static struct drainer d;
	struct why why;
	int status;

	if (daemon_begin("drain") < 0)
		return EXIT_FAILED;
	d.argc = argc;
	d.argv = argv;
	status = options_open(&d.options, &drain_options, &d.set, argc, argv);
	if (status != OPTIONS_GO)
		return daemon_end_exit(status);
	daemon_start("drain");
	mallopt(M_ARENA_MAX, ARENAS); /* the default gives each librdkafka thread its own */
	status = EXIT_FINE;
	if (loop_open(&d.loop, &why) < 0)
		status = options_fail("drain", &why);
	for (size_t i = 0; status == EXIT_FINE && i < ARRAY_LEN(parts); i++)
		if (parts[i](&d, &why) < 0)
			status = options_fail("drain", &why);
	if (status == EXIT_FINE) {
		daemon_serve(&d.daemon);
		drainer_log_start(&d);
		loop_run(d.loop);
		status = conclude(&d);
	}
	daemon_begin_exit(&d.daemon, status);
	close_parts(&d);
	options_close(&d.options);
	return daemon_end_exit(status);
}
