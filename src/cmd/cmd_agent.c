/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_agent.c — the agent: its parts, opened top to bottom and closed bottom to top.
 *
 *   OPENING ──all parts──► SERVING ──signal──► STOPPING: intake closed, sink flushed, rest spooled
 *                                                 └──► spool closed, parts freed, exit 0
 *
 * The spool is closed before loop_run returns. After that memory is freed and nothing is written
 * (daemon_begin_exit). */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static const struct options_group groups[] = {
	{ "Intake", agent_intake_rows, 0 },
	{ "Kafka", agent_kafka_rows, 0 },
	{ "Kafka, by Jaeger's names", jaeger_producer_rows, offsetof(struct agent_settings, jaeger) },
	{ "Collector", collector_rows, offsetof(struct agent_settings, collector) },
	{ "Sampling", sampling_rows, offsetof(struct agent_settings, sampling) },
	{ "jaeger-agent's names", reporter_rows, offsetof(struct agent_settings, reporter) },
	{ "Spool", agent_spool_rows, 0 },
	{ "Agent", agent_rows, 0 },
	{ "Admin port", access_rows, offsetof(struct agent_settings, access) },
	{ NULL, NULL, 0 },
};

static int finish(struct conf *c, void *settings, struct why *why)
{
	int rc = options_spool_directory(c, why);

	if (rc == 0 && command_as_jaeger())
		rc = conf_default(c, "log-encoding", "json", why);
	return rc < 0 ? rc : agent_options_finish(c, settings, why);
}

static int check(const struct conf *c, const void *settings, struct why *why)
{
	const struct agent_settings *set = settings;

	return agent_check(c, set, why) < 0 ? why->code : admin_check(c, &set->access, why);
}

const struct options_spec agent_options = {
	.command = "agent",
	.summary = "spans from UDP to Kafka or a collector, over the spool",
	.manual = "spanspool-agent(8)",
	.groups = groups,
	.size = sizeof(struct agent_settings),
	.finish = finish,
	.daemon = true,
	.check = check,
};

enum {
	SECOND_MS = 1000,
	ARENAS = 2, /* malloc arenas; the default gives each librdkafka thread its own */
	COLLECTOR_REQUESTS = 64,
};

static void on_intake_stopped(void *arg);
static void on_pipeline_stopped(void *arg);

static void on_stop(void *arg)
{
	struct agent *a = arg;

	takeover_refuse(&a->takeover);
	intake_stop(a->intake, a->set.shutdown_us / US_PER_MS, on_intake_stopped, a);
}

static void on_intake_stopped(void *arg)
{
	struct agent *a = arg;

	pipeline_stop(a->pipeline, on_pipeline_stopped, a);
	if (a->hurried)
		pipeline_hurry(a->pipeline);
}

static void on_second_sigint(void *arg)
{
	struct agent *a = arg;

	a->hurried = true;
	intake_hurry(a->intake);
	pipeline_hurry(a->pipeline);
}

static void on_pipeline_stopped(void *arg)
{
	struct agent *a = arg;

	if (a->sampling != NULL)
		sampling_save(a->sampling);
	loop_stop(a->loop);
}

static void on_second(void *arg)
{
	struct agent *a = arg;

	timer_start(a->second_timer, SECOND_MS);
	if (!a->daemon.stopping)
		intake_count_drops(a->intake);
	if (!a->to_kafka)
		sink_collector_tick(a->sink);
	agent_log_tick(a);
}

static int open_pipeline(struct agent *a, struct why *why)
{
	const struct agent_settings *set = &a->set;
	struct pipeline_opts o = {
		/* A batch with the sink may be durable too; then the flight no longer counts it and window_bytes bounds it. */
		.dispatcher = {
			.window_bytes = set->flight_bytes / 2,
			.stored = !a->to_kafka,
			.sink_name = a->to_kafka ? "kafka" : "collector",
		},
		.flight = {
			.max_bytes = set->flight_bytes,
			.largest_bytes = agent_batch_cost(set->batch_bytes),
			.exposure_us = set->exposure_us,
			.drop_oldest = set->on_full == SPOOL_DROP_OLDEST,
		},
		.drop_refused = set->on_refused == SPOOL_DROP_REFUSED,
		.max_age_us = set->max_age_us,
		.spool = {
			.directory = set->directory,
			.host = set->host,
			.max_bytes = set->max_bytes,
			.min_free = set->min_free,
			.segment_bytes = set->segment_bytes,
		},
		.stop_ms = set->shutdown_us / US_PER_MS,
	};

	if (pipeline_open(&a->pipeline, a->loop, &o, &a->health, why) < 0)
		return why->code;
	agent_log_begin(a);
	return 0;
}

static int open_kafka(struct agent *a, const struct sink_id *id, struct why *why)
{
	struct kafka_producer_opts o;

	if (agent_kafka_opts(&a->set, &a->properties, &o, why) < 0)
		return why->code;
	return sink_kafka_open(&a->sink, a->loop, &o, id, why);
}

static int open_collector(struct agent *a, const struct sink_id *id, struct why *why)
{
	struct exporter_opts o = {
		.max_in_flight = COLLECTOR_REQUESTS,
		.max_bytes = a->set.flight_bytes,
		.failing_bytes = a->set.flight_bytes / 16, /* a quarter of what the backlog may have, see pace.h */
		.retry_cap_ms = 1000, /* longest pause between two probes while spans wait in the spool */
	};

	collector_exporter_opts(&a->set.collector, &o);
	return sink_collector_open(&a->sink, a->loop, &o, id, pipeline_ledger(a->pipeline), &a->health, why);
}

static void log_collectors(const struct agent_settings *set)
{
	struct buf names = { 0 };

	collector_names(&set->collector, &names);
	log_info("agent: sending to the collector at %s", buf_cstr(&names));
	buf_free(&names);
}

static int open_sink(struct agent *a, struct why *why)
{
	struct sink_id id = { .host = a->set.host, .headers = a->set.headers };
	int rc = a->to_kafka ? open_kafka(a, &id, why) : open_collector(a, &id, why);

	if (rc < 0)
		return rc;
	pipeline_set_sink(a->pipeline, a->sink);
	if (a->to_kafka)
		log_info("agent: sending to topic %s at %s", a->set.topic, a->set.brokers);
	else
		log_collectors(&a->set);
	return 0;
}

static int open_admin(struct agent *a, struct why *why)
{
	struct admin_opts o = {
		.command = "agent",
		.set = &a->set.access,
		.health = &a->health,
		.conf = a->options.conf,
		.metrics = agent_metrics,
		.ledger = agent_ledger,
		.status = agent_status,
		.series = agent_series,
		.sample = agent_sample,
		.note_health = agent_note_health,
		.arg = a,
	};

	if (strcmp(a->set.admin, "none") == 0)
		return 0;
	if (units_hostport(a->set.admin, &o.at, why) < 0 || admin_open(&a->admin, a->loop, &o, why) < 0)
		return why_wrap(why, "admin.http.host-port");
	return 0;
}

static int open_sampling(struct agent *a, struct why *why)
{
	const struct sampling_settings *set = &a->set.sampling;
	struct exporter_opts collector = { 0 };
	struct sampling_opts o = {
		.urls = set->urls.items,
		.nurls = set->urls.n,
		.file = set->file[0] == '\0' ? NULL : set->file,
		.cache = a->set.sampling_cache,
		.refresh_us = set->refresh_us,
		.max_services = set->max_services,
	};

	if (strcmp(set->at, "none") == 0)
		return 0;
	collector_exporter_opts(&a->set.collector, &collector);
	o.client = collector.client;
	if (units_hostport(set->at, &o.at, why) < 0)
		return why_wrap(why, "http-server.host-port");
	return sampling_open(&a->sampling, a->loop, &o, &a->health, why);
}

static int open_intake(struct agent *a, struct why *why)
{
	struct intake_opts o = agent_intake_opts(&a->set);

	return intake_open(
	        &a->intake, a->loop, &o, pipeline_flight(a->pipeline), pipeline_ledger(a->pipeline), &a->health, why);
}

static void on_successor(void *arg)
{
	struct agent *a = arg;

	daemon_stop(&a->daemon);
}

static int open_takeover(struct agent *a, struct why *why)
{
	a->takeover = (struct takeover){ .asked = on_successor, .arg = a };
	if (takeover_open(&a->takeover, a->loop, a->set.directory, why) < 0)
		log_warn("agent: no agent can take over from this one, a successor needs it stopped: %s", why->text);
	return 0;
}

static int open_signals(struct agent *a, struct why *why)
{
	a->daemon = (struct daemon){
		.command = "agent",
		.stop = on_stop,
		.hurry = on_second_sigint,
		.arg = a,
		.health = &a->health,
		.again = { .spec = &agent_options,
		        .options = &a->options,
		        .settings = &a->set,
		        .argc = a->argc,
		        .argv = a->argv,
		        .rows = agent_reload_rows,
		        .derive = finish },
		.told = { .status = agent_service_status, .alive = agent_is_alive, .arg = a },
	};
	if (timer_open(&a->second_timer, a->loop, on_second, a) < 0)
		return why_set(why, E_NOMEM, "timer");
	if (daemon_open(&a->daemon, a->loop, why) < 0)
		return why->code;
	timer_start(a->second_timer, SECOND_MS);
	return 0;
}

/* Opened in this order and closed in the reverse one, so that the receiver of a batch exists before its source. */
static int (*const parts[])(struct agent *a, struct why *why) = {
	open_pipeline,
	open_sink,
	open_admin,
	open_sampling,
	open_intake,
	open_signals,
	open_takeover,
};

static void close_parts(struct agent *a)
{
	takeover_close(&a->takeover);
	daemon_close(&a->daemon);
	timer_free(a->second_timer);
	intake_free(a->intake);
	sampling_free(a->sampling);
	admin_free(a->admin);
	if (a->sink != NULL)
		a->sink->ops->free(a->sink);
	pipeline_free(a->pipeline);
	loop_free(a->loop);
	properties_free(&a->properties);
}

int cmd_agent(int argc, char **argv)
{
	static struct agent a;
	struct why why;
	int status;

	if (daemon_begin("agent") < 0)
		return EXIT_FAILED;
	a.argc = argc;
	a.argv = argv;
	status = options_open(&a.options, &agent_options, &a.set, argc, argv);
	if (status != OPTIONS_GO)
		return daemon_end_exit(status);
	daemon_start("agent");
	mallopt(M_ARENA_MAX, ARENAS);
	a.to_kafka = a.set.brokers[0] != '\0';
	status = EXIT_FINE;
	a.predecessor = -1;
	if (a.set.takeover && takeover_begin(a.set.directory, &a.predecessor, &why) < 0)
		status = options_fail("agent", &why);
	if (status == EXIT_FINE && loop_open(&a.loop, &why) < 0)
		status = options_fail("agent", &why);
	for (size_t i = 0; status == EXIT_FINE && i < ARRAY_LEN(parts); i++)
		if (parts[i](&a, &why) < 0)
			status = options_fail("agent", &why);
	if (status == EXIT_FINE) {
		daemon_serve(&a.daemon);
		takeover_serving(a.predecessor);
		agent_log_start(&a);
		loop_run(a.loop);
		agent_log_stop(&a);
		takeover_end(&a.takeover, argv, a.daemon.told_to_stop);
	}
	daemon_begin_exit(&a.daemon, status);
	close_parts(&a);
	options_close(&a.options);
	return daemon_end_exit(status);
}
