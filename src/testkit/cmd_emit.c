/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_emit.c — sends numbered spans until --spans are sent, --duration is over or a signal comes, and then
 * prints a summary. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "testkit/emitting.h"
#include "commands.h"
#include "base/progress.h"

enum protocol { PROTOCOL_COMPACT, PROTOCOL_BINARY };

struct emit_settings {
	const char *at;
	const char *binary_at;
	enum protocol protocol;
	bool both;
	uint64_t spans;
	uint64_t duration_us;
	uint64_t rate;
	uint64_t batch;
	const char *run;
	uint64_t first;
	const char *service;
	bool json;
	uint64_t run_id; /* RUN as a number, or a random one */
};

static const struct conf_row where_rows[] = {
	CONF_ADDRESS(struct emit_settings, at, "host-port", "127.0.0.1:6831",
	        "where the spans go (with --protocol=binary: 127.0.0.1:6832)"),
	{ "protocol", CONF_TYPE_CHOICE, CONF_ENUM(struct emit_settings, protocol), "compact", "compact|binary",
	        "how they are encoded", false },
	CONF_BOOL(struct emit_settings, both, "both", "false",
	        "compact to --host-port and binary to --binary-host-port, by turns"),
	CONF_ADDRESS(struct emit_settings, binary_at, "binary-host-port", "127.0.0.1:6832",
	        "where the binary half goes with --both"),
	CONF_END,
};

static const struct conf_row what_rows[] = {
	CONF_COUNT(struct emit_settings, spans, "spans", "0", "how many spans; 0 is no end"),
	CONF_DURATION(struct emit_settings, duration_us, "duration", "0",
	        "how long; 0 is no end (without --spans and --duration: 10s)"),
	CONF_COUNT(struct emit_settings, rate, "rate", "1000", "spans a second; 0 is as fast as the socket takes them"),
	CONF_COUNT(struct emit_settings, batch, "batch", "10", "spans in a datagram"),
	CONF_TEXT(struct emit_settings, run, "run", "",
	        "high half of the trace ids, up to 16 hexadecimal digits; a random one when empty"),
	CONF_COUNT(struct emit_settings, first, "first", "1", "number of the first span"),
	CONF_TEXT(struct emit_settings, service, "service", "spanspool-emit", "service name of the spans"),
	CONF_BOOL(struct emit_settings, json, "json", "false", "the summary as one JSON object"),
	CONF_END,
};

static const struct options_group groups[] = {
	{ "Where to", where_rows, 0 },
	{ "What", what_rows, 0 },
	{ NULL, NULL, 0 },
};

static int read_run(const struct conf *c, struct emit_settings *set, struct why *why)
{
	char *end;

	if (set->run[0] == '\0') {
		if (getrandom(&set->run_id, sizeof(set->run_id), 0) != sizeof(set->run_id))
			return why_set(why, E_IO, "no random number for the run");
		/* 32 bits: easy to read, and exact in a JSON reader that has only doubles. */
		set->run_id = (set->run_id >> 32) | 1;
		return 0;
	}
	errno = 0;
	set->run_id = strtoull(set->run, &end, 16);
	if (errno != 0 || *end != '\0' || strchr("+-", set->run[0]) != NULL) {
		why_set(why, E_USAGE, "\"%s\" is not up to 16 hexadecimal digits", set->run);
		return conf_add_source(c, "run", why);
	}
	return 0;
}

static int check_numbers(const struct conf *c, const struct emit_settings *set, struct why *why)
{
	if (set->batch == 0 || set->batch > UINT16_MAX) {
		why_set(why, E_USAGE, "a datagram has 1 to %d spans", UINT16_MAX);
		return conf_add_source(c, "batch", why);
	}
	if (set->first >= NUMBERED_MARK || set->spans >= NUMBERED_MARK - set->first) {
		why_set(why, E_USAGE, "numbers end below 2^61");
		return conf_add_source(c, set->first >= NUMBERED_MARK ? "first" : "spans", why);
	}
	return 0;
}

static int finish(struct conf *c, void *settings, struct why *why)
{
	struct emit_settings *set = settings;

	if (set->protocol == PROTOCOL_BINARY && !set->both && conf_default(c, "host-port", "127.0.0.1:6832", why) < 0)
		return why->code;
	if (set->spans == 0 && conf_origin(c, "duration") == CONF_DEFAULT &&
	        conf_default(c, "duration", "10s", why) < 0)
		return why->code;
	if (check_numbers(c, set, why) < 0)
		return why->code;
	return read_run(c, set, why);
}

const struct options_spec emit_options = {
	.command = "emit",
	.summary = "Sends numbered test spans at a set rate, and says which. Span N of run R has the\n"
	           "trace id R, 2^61 + N: a receiver can tell what is missing and what came twice.",
	.manual = "spanspool-emit(1)",
	.groups = groups,
	.size = sizeof(struct emit_settings),
	.finish = finish,
};

/* One run of the command. */
struct emission {
	struct emit_settings set;
	struct loop *loop;
	struct emitter *emitter;
	struct emitting *emitting;
	struct signal_watch *interrupt, *terminate;
	struct timer *tick;
	struct progress progress;
	uint64_t began_us;
	uint64_t took_us;
};

enum { TICK_MS = 200 };

static void on_finished(void *arg)
{
	struct emission *e = arg;

	e->took_us = clock_mono_us() - e->began_us;
	loop_stop(e->loop);
}

static void on_tick(void *arg)
{
	struct emission *e = arg;
	const struct emitter_stats *s = emitter_stats(e->emitter);
	uint64_t done = s->end - s->first, whole = e->set.spans;

	if (whole == 0) {
		done = s->took_us;
		whole = e->set.duration_us;
	}
	progress_show(&e->progress, done, whole, "%" PRIu64 " spans, %" PRIu64 " refused, %.0f/s", s->spans,
	        s->refused_spans, s->took_us == 0 ? 0.0 : (double)s->spans * 1e6 / (double)s->took_us);
	timer_start(e->tick, TICK_MS);
}

static int add_target(struct emitter_opts *o, const char *at, enum numbered_spans_protocol protocol, struct why *why)
{
	struct emitter_target *target = &o->targets[o->ntargets++];

	target->protocol = protocol;
	return units_hostport(at, &target->at, why);
}

static int open_emitter(struct emission *e, struct why *why)
{
	const struct emit_settings *set = &e->set;
	struct emitter_opts o = {
		.service = set->service,
		.run = set->run_id,
		.first = set->first,
		.spans = set->spans,
		.duration_us = set->duration_us,
		.rate = set->rate,
		.batch = (uint32_t)set->batch,
	};
	bool binary = set->protocol == PROTOCOL_BINARY && !set->both;

	if (add_target(&o, set->at, binary ? NUMBERED_BINARY : NUMBERED_COMPACT, why) < 0)
		return why->code;
	if (set->both && add_target(&o, set->binary_at, NUMBERED_BINARY, why) < 0)
		return why->code;
	return emitter_open(&e->emitter, &o, why);
}

static int open_all(struct emission *e, struct why *why)
{
	if (open_emitter(e, why) < 0 || loop_open(&e->loop, why) < 0)
		return why->code;
	if (signal_watch_open(&e->interrupt, e->loop, SIGINT, on_finished, e) < 0 ||
	        signal_watch_open(&e->terminate, e->loop, SIGTERM, on_finished, e) < 0 ||
	        timer_open(&e->tick, e->loop, on_tick, e) < 0 ||
	        emitting_start(&e->emitting, e->loop, e->emitter, on_finished, e) < 0)
		return why_set(why, E_NOMEM, "emit");
	progress_init(&e->progress, stderr);
	timer_start(e->tick, TICK_MS);
	return 0;
}

static void close_all(struct emission *e)
{
	emitting_free(e->emitting);
	timer_free(e->tick);
	signal_watch_free(e->interrupt);
	signal_watch_free(e->terminate);
	loop_free(e->loop);
	emitter_free(e->emitter);
}

static void print_json(const struct emission *e, const struct emitter_stats *s)
{
	char run[17];
	json_t *j;

	snprintf(run, sizeof(run), "%016" PRIx64, e->set.run_id);
	j = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "run", run, "service", e->set.service,
	        "first", (json_int_t)s->first, "last", (json_int_t)s->end - 1, "spans", (json_int_t)s->spans,
	        "datagrams", (json_int_t)s->datagrams, "bytes", (json_int_t)s->bytes, "refused",
	        (json_int_t)s->refused_spans, "refused_datagrams", (json_int_t)s->refused_datagrams, "seconds",
	        (double)e->took_us / 1e6);
	if (j == NULL)
		return;
	json_dumpf(j, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(j);
}

static void print_text(const struct emission *e, const struct emitter_stats *s)
{
	char bytes[32], took[32];

	printf("run %016" PRIx64 ": %" PRIu64 " spans in %" PRIu64 " datagrams, %s, in %s; numbers %" PRIu64
	       " to %" PRIu64 "\n",
	        e->set.run_id, s->spans, s->datagrams, units_print_size(s->bytes, bytes, sizeof(bytes)),
	        units_print_duration(e->took_us, took, sizeof(took)), s->first, s->end - 1);
	if (s->refused_spans > 0)
		printf("%" PRIu64 " more spans were refused: nobody listened there\n", s->refused_spans);
}

static int print_summary(const struct emission *e)
{
	const struct emitter_stats *s = emitter_stats(e->emitter);
	const char *failure = emitter_failure(e->emitter);

	if (e->set.json)
		print_json(e, s);
	else
		print_text(e, s);
	if (failure != NULL)
		fprintf(stderr, "spanspool emit: %s\n", failure);
	else if (s->spans == 0 && s->refused_spans > 0)
		fprintf(stderr,
		        "spanspool emit: all %" PRIu64
		        " spans were refused: nothing listens at %s%s%s (is the agent running?)\n",
		        s->refused_spans, e->set.at, e->set.both ? " and " : "", e->set.both ? e->set.binary_at : "");
	else
		return EXIT_FINE;
	return EXIT_FAILED;
}

int cmd_emit(int argc, char **argv)
{
	struct emission e = { 0 };
	struct options o;
	struct why why;
	int rc = options_open(&o, &emit_options, &e.set, argc, argv);

	if (rc != OPTIONS_GO)
		return rc;
	if (open_all(&e, &why) == 0) {
		e.began_us = clock_mono_us();
		loop_run(e.loop);
		progress_clear(&e.progress);
		emitter_count_refused(e.emitter);
		rc = print_summary(&e);
	} else {
		rc = options_fail("emit", &why);
	}
	close_all(&e);
	options_close(&o);
	return rc;
}
