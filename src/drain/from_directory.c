/* SPDX-License-Identifier: Apache-2.0 */
/* from_directory.c — the quarantine's files on the loop: to the exporter, and back to the worker when delivered.
 *
 *   worker reads ──► waiting ──► out, with the exporter ──delivered──► delivered ──► worker removes ──► gone
 *        └── no whole record: stays                └── refused again: stays
 *
 * The worker has one turn at a time; step() decides what it does next. A kill between delivery and removal
 * leaves the files, and the next run sends them again, marked. */
#include <inttypes.h>
#include <stdlib.h>

#include "exporter/store_health.h"
#include "from_directory_internal.h"

enum { HEARTBEAT_MS = 250, LOG_EVERY_MS = 10000, NAMED_MOST = 100 };

static void step(struct from_directory *f);

static void release(struct kept_file *file)
{
	struct from_directory *f = file->of;

	list_remove(&file->link);
	f->bytes -= file->bytes;
	kept_file_free(file);
}

static void hand_on(struct kept_file *file)
{
	file->of->cut = true;
	drain_ledger_hand_on(&file->of->ledger, file->value.facts.spans);
	release(file);
}

static void hand_on_all(struct list *of)
{
	while (!list_empty(of))
		hand_on(list_first(of, struct kept_file, link));
}

/* FILE stays in the directory as it is. */
static void refuse(struct kept_file *file, const char *cause, const char *detail)
{
	struct from_directory *f = file->of;
	uint64_t spans = file->value.facts.spans;

	if (log_limit_allows(&f->refused_limit, LOG_EVERY_MS))
		log_warn("drain: %s stays in quarantine, refused again: %s: %s", file->record.name, cause, detail);
	cause_counts_add(&f->counts.refused, cause, spans);
	drain_ledger_move(&f->ledger, DRAIN_QUARANTINED, spans);
	if (cause == exporter_unconfirmed)
		drain_ledger_unconfirmed(&f->ledger, spans);
	f->done++;
	release(file);
}

/* ---- to the exporter ---- */

static uint64_t produced_ms(const struct kept_file *file)
{
	const struct timespec *t = &file->record.on_disk[0].st_mtim; /* when it came into quarantine */
	char text[21] = "";

	if (file->headers.received.len == 0)
		return t->tv_sec < 0 ? 0 : (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_nsec / 1000000;
	memcpy(text, file->headers.received.at, file->headers.received.len); /* at most 20 digits */
	return strtoull(text, NULL, 10);
}

static int post(struct kept_file *file)
{
	struct exporter_item item = {
		.value = file->value.bytes,
		.facts = file->value.facts,
		.id = file->headers.id,
		.received = file->headers.received,
		.produced_ms = produced_ms(file),
		.maybe_dup = true,
		.token = file,
	};
	int rc = exporter_send(file->of->exporter, &item);

	if (rc < 0)
		return rc;
	list_remove(&file->link);
	list_push(&file->of->out, &file->link);
	return 0;
}

static void post_waiting(struct from_directory *f)
{
	while (!list_empty(&f->waiting) && !f->stopping)
		if (post(list_first(&f->waiting, struct kept_file, link)) < 0)
			return;
}

static void on_done(void *arg, const struct exporter_report *report)
{
	struct kept_file *file = report->token;
	struct from_directory *f = arg;

	switch (report->outcome) {
	case EXPORTER_DELIVERED:
		drain_ledger_move(&f->ledger, DRAIN_DELIVERED, file->value.facts.spans);
		f->done++;
		list_remove(&file->link);
		list_push(&f->delivered, &file->link);
		break;
	case EXPORTER_REFUSED:
		refuse(file, report->cause, report->detail);
		break;
	case EXPORTER_NOT_SENT:
	case EXPORTER_MAYBE_SENT:
		hand_on(file);
		break;
	}
	timer_start(f->heartbeat, 0); /* step() may stop the exporter: not from within its call */
}

static void on_room(void *arg)
{
	struct from_directory *f = arg;

	post_waiting(f);
	timer_start(f->heartbeat, 0);
}

static void on_collector(void *arg, enum exporter_state state, const char *sentence)
{
	struct from_directory *f = arg;

	drain_post_collector(f->health, f->sending, state, sentence, "");
	f->sending = state;
}

static void on_confirmer(void *arg, enum confirmer_state state, const char *sentence)
{
	struct from_directory *f = arg;

	if (f->opts.counts == NULL)
		store_health_post(f->health, state, sentence);
}

/* ---- what a turn of the worker has brought ---- */

static void note_unreadable(struct kept_file *file)
{
	struct from_directory *f = file->of;
	uint64_t *n = file->found == KEPT_FOREIGN ? &f->counts.foreign : &f->counts.unreadable;

	if (++*n <= NAMED_MOST || log_limit_allows(&f->unreadable_limit, LOG_EVERY_MS))
		log_warn("drain: left as it is in %s: %s", f->opts.path, file->why.text);
	release(file);
}

static void count(struct kept_file *file, bool is_bad)
{
	struct from_directory *f = file->of;

	replay_counts_add(f->opts.counts, is_bad ? REPLAY_BAD : REPLAY_BATCH, file->value.facts.service,
	        (int64_t)produced_ms(file), file->value.facts.spans);
	f->done++;
	drain_ledger_hand_on(&f->ledger, file->value.facts.spans);
	release(file);
}

static void take_record(struct kept_file *file)
{
	struct from_directory *f = file->of;
	const char *cause;
	struct why why;
	int rc = drain_value_read(&file->value, buf_slice(&file->record.value), &cause, &why);

	if (rc < 0)
		file->value.facts.spans = 0;
	kept_headers(&file->record, drain_headers_take, &file->headers);
	file->bytes += file->value.own.cap;
	f->bytes += file->value.own.cap;
	drain_ledger_read(&f->ledger, file->value.facts.spans);
	if (f->opts.counts != NULL)
		count(file, rc < 0);
	else if (rc < 0)
		refuse(file, cause, why.text);
	else
		list_push(&f->waiting, &file->link);
}

static void take_loaded(struct from_directory *f)
{
	while (!list_empty(&f->turn.loaded)) {
		struct kept_file *file = list_first(&f->turn.loaded, struct kept_file, link);

		list_remove(&file->link);
		f->bytes += file->bytes;
		f->cut |= f->stopping;
		if (f->stopping)
			release(file); /* as if it had not been read */
		else if (file->found != KEPT_RECORD)
			note_unreadable(file);
		else
			take_record(file);
	}
}

static void take_removed(struct from_directory *f)
{
	while (!list_empty(&f->turn.removing)) {
		struct kept_file *file = list_first(&f->turn.removing, struct kept_file, link);

		f->unsynced |= file->removed;
		if (!file->removed && ++f->counts.not_removed <= NAMED_MOST)
			log_error("drain: %s is delivered and cannot be removed, the next run sends it again: %s",
			        file->record.name, file->why.text);
		release(file);
	}
}

static void on_turn(void *arg)
{
	struct from_directory *f = arg;

	f->busy = false;
	f->ended |= f->turn.ended;
	if (f->turn.syncs)
		f->unsynced = false;
	if (f->whole == 0)
		f->whole = f->turn.count;
	if (f->turn.failed.code != 0) {
		f->counts.failed = true;
		health_post(f->health, "quarantine", HEALTH_DOWN, "%s: %s", f->opts.path, f->turn.failed.text);
	}
	take_removed(f);
	take_loaded(f);
	step(f);
}

/* ---- what comes next ---- */

static bool holds_nothing(const struct from_directory *f)
{
	return list_empty(&f->waiting) && list_empty(&f->out) && list_empty(&f->delivered);
}

static bool may_read(const struct from_directory *f)
{
	return !f->stopping && !f->ended && list_empty(&f->waiting) && f->bytes < f->opts.max_bytes;
}

static bool is_over(const struct from_directory *f)
{
	return (f->ended || f->flushed) && holds_nothing(f);
}

static void start_turn(struct from_directory *f)
{
	struct turn *t = &f->turn;

	t->room = may_read(f) ? f->opts.max_bytes - f->bytes : 0;
	t->syncs = is_over(f);
	t->ended = false;
	t->failed.code = 0;
	list_append(&t->removing, &f->delivered);
	f->busy = work_start(f->loop, from_directory_work, on_turn, f) == 0;
	if (!f->busy) /* the heartbeat tries again */
		list_append(&f->delivered, &t->removing);
}

static void step(struct from_directory *f)
{
	post_waiting(f);
	if (f->busy)
		return;
	if (!list_empty(&f->delivered) || may_read(f) || (is_over(f) && f->unsynced)) {
		start_turn(f);
	} else if (f->flushed && holds_nothing(f) && f->stopped != NULL) {
		void (*stopped)(void *arg) = f->stopped;

		f->stopped = NULL;
		stopped(f->stopped_arg);
	} else if (is_over(f) && !f->stopping && !f->finished) {
		f->finished = true;
		f->opts.finished(f->opts.finished_arg);
	}
}

static void on_heartbeat(void *arg)
{
	struct from_directory *f = arg;

	timer_start(f->heartbeat, HEARTBEAT_MS);
	step(f);
}

/* ---- begin and end ---- */

static int open_ends(struct from_directory *f, struct why *why)
{
	struct exporter_events events = {
		.done = on_done, .room = on_room, .changed = on_collector, .confirmer = on_confirmer, .arg = f
	};

	if (kept_open(&f->kept, f->opts.path, f->opts.counts == NULL, why) < 0)
		return why_wrap(why, "quarantine");
	if (timer_open(&f->heartbeat, f->loop, on_heartbeat, f) < 0)
		return why_set(why, E_NOMEM, "drain");
	return exporter_open(&f->exporter, f->loop, &f->opts.exporter, &events, why);
}

int from_directory_open(struct from_directory **out, struct loop *l, const struct from_directory_opts *opts,
        struct health *health, struct why *why)
{
	struct from_directory *f = calloc(1, sizeof(*f));
	struct list *const lists[] = { &f->turn.removing, &f->turn.loaded, &f->waiting, &f->out, &f->delivered };

	if (f == NULL)
		return why_set(why, E_NOMEM, "drain");
	f->loop = l;
	f->opts = *opts;
	f->health = health;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		list_init(lists[i]);
	if (open_ends(f, why) < 0) {
		from_directory_free(f);
		return why->code;
	}
	health_post(health, "quarantine", HEALTH_OK, "reading directory %s", opts->path);
	health_post(health, "collector", HEALTH_OK, "nothing sent yet");
	timer_start(f->heartbeat, 0);
	*out = f;
	return 0;
}

static void on_flushed(void *arg)
{
	struct from_directory *f = arg;

	f->flushed = true;
	step(f);
}

void from_directory_stop(struct from_directory *f, uint64_t budget_ms, void (*stopped)(void *arg), void *arg)
{
	enum exporter_state state = exporter_state(f->exporter);
	bool away = state == EXPORTER_WAITING || state == EXPORTER_BLOCKED;

	f->stopping = true;
	f->stopped = stopped;
	f->stopped_arg = arg;
	hand_on_all(&f->waiting);
	exporter_flush(f->exporter, away ? 0 : budget_ms, on_flushed, f);
}

const struct drain_ledger *from_directory_ledger(const struct from_directory *f)
{
	return &f->ledger;
}

const struct from_directory_counts *from_directory_counts(const struct from_directory *f)
{
	return &f->counts;
}

struct exporter *from_directory_exporter(const struct from_directory *f)
{
	return f->exporter;
}

void from_directory_progress(const struct from_directory *f, struct drain_progress *to)
{
	*to = (struct drain_progress){ .done = min_u64(f->done, f->whole),
		.whole = f->whole,
		.finished = f->ended && !f->cut && holds_nothing(f) };
}

void from_directory_free(struct from_directory *f)
{
	if (f == NULL)
		return;
	timer_free(f->heartbeat);
	exporter_free(f->exporter);
	hand_on_all(&f->waiting);
	hand_on_all(&f->out);
	while (!list_empty(&f->delivered))
		release(list_first(&f->delivered, struct kept_file, link));
	kept_free(f->kept);
	free(f);
}
