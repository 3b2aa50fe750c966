/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_span.c — conclusions from a span of the Zipkin model, in the order in which jaeger-agent draws them:
 *
 *   start     the field; else the first cs; else the last sr of a span without parent
 *   duration  the field; else from the first annotation to the last, from cs to cr where there are any, if that is
 *             positive; else 1 µs
 *   parent    0 is none
 *   start     where it is still unknown or 0: the first cs, else the first sr; with a duration of 0 that of cs to cr, or
 *             of sr to ss
 *   service   of the first core annotation that names one; else of lc; else of any annotation; else of any binary
 *             annotation */
#include "zipkin_span.h"

/* The annotations of one value. */
struct moment {
	bool is_there;
	int64_t first, last; /* times of the first and of the last of them, in wire order */
};

/* One pass over all annotations. */
struct survey {
	uint32_t annotations;
	struct moment core[ZIPKIN_CORES];
	int64_t first, last; /* times of the first and of the last annotation */
	enum zipkin_side side;
	bool is_client; /* the tag span.kind, the client's own before that of SIDE, says client */
	struct zipkin_endpoint by_core, by_lc, by_any, by_binary; /* the first that name a service */
};

static const char *const core_text[ZIPKIN_CORES] = {
	[ZIPKIN_CS] = "cs", [ZIPKIN_CR] = "cr", [ZIPKIN_SR] = "sr", [ZIPKIN_SS] = "ss"
};

enum zipkin_core zipkin_core_of(struct slice text)
{
	for (int i = 0; i < ZIPKIN_CORES; i++)
		if (slice_is(text, core_text[i]))
			return (enum zipkin_core)i;
	return ZIPKIN_CORES;
}

static void keep_first_named(struct zipkin_endpoint *kept, const struct zipkin_endpoint *e)
{
	if (!kept->is_set && e->service.len > 0)
		*kept = *e;
}

static void survey_annotations(struct slice list, struct survey *v)
{
	struct zipkin_annotation a;
	enum zipkin_core core;

	v->annotations = zipkin_begin(&list);
	for (uint32_t i = 0; i < v->annotations; i++) {
		zipkin_next_annotation(&list, &a);
		if (i == 0)
			v->first = a.timestamp;
		v->last = a.timestamp;
		keep_first_named(&v->by_any, &a.host);
		core = zipkin_core_of(a.value);
		if (core == ZIPKIN_CORES)
			continue;
		keep_first_named(&v->by_core, &a.host);
		if (v->side == ZIPKIN_NO_SIDE)
			v->side = core == ZIPKIN_CS || core == ZIPKIN_CR ? ZIPKIN_CLIENT : ZIPKIN_SERVER;
		if (!v->core[core].is_there)
			v->core[core].first = a.timestamp;
		v->core[core].is_there = true;
		v->core[core].last = a.timestamp;
	}
}

static void survey_binary_annotations(struct slice list, struct survey *v)
{
	struct zipkin_binary_annotation a;
	bool has_kind = false;

	v->is_client = v->side == ZIPKIN_CLIENT;
	for (uint32_t n = zipkin_begin(&list); n > 0; n--) {
		zipkin_next_binary_annotation(&list, &a);
		keep_first_named(&v->by_binary, &a.host);
		if (slice_is(a.key, "lc"))
			keep_first_named(&v->by_lc, &a.host);
		if (!has_kind && slice_is(a.key, "span.kind")) {
			has_kind = true;
			v->is_client = a.type == ZIPKIN_STRING && slice_is(a.value, "client");
		}
	}
}

/* The first value for the start. False: there is none. */
static bool find_start(const struct zipkin_span *s, const struct survey *v, int64_t *start)
{
	const struct moment *cs = &v->core[ZIPKIN_CS], *sr = &v->core[ZIPKIN_SR];

	*start = s->timestamp;
	if (s->has_timestamp)
		return true;
	*start = cs->is_there ? cs->first : sr->last;
	return cs->is_there || (sr->is_there && !s->has_parent);
}

/* Sets the duration where the span has none, and the start where *HAS_START is false. */
static void conclude_duration(const struct survey *v, bool *has_start, struct zipkin_times *t)
{
	const struct moment *cs = &v->core[ZIPKIN_CS], *cr = &v->core[ZIPKIN_CR];
	int64_t first = cs->is_there ? cs->last : v->first;
	int64_t last = cr->is_there ? cr->last : v->last;

	t->duration = 1;
	if (v->annotations < 2 || first >= last)
		return;
	t->duration = (int64_t)((uint64_t)last - (uint64_t)first);
	if (!*has_start)
		t->start = first;
	*has_start = true;
}

static struct zipkin_times times_between(const struct moment *from, const struct moment *to)
{
	struct zipkin_times t = { .start = from->first };

	if (to->is_there)
		t.duration = (int64_t)((uint64_t)to->first - (uint64_t)from->first);
	return t;
}

/* The start is unknown or 0. */
static void start_from_core(const struct survey *v, struct zipkin_times *t)
{
	const struct moment *core = v->core;
	struct zipkin_times found;

	if (core[ZIPKIN_CS].is_there)
		found = times_between(&core[ZIPKIN_CS], &core[ZIPKIN_CR]);
	else if (core[ZIPKIN_SR].is_there)
		found = times_between(&core[ZIPKIN_SR], &core[ZIPKIN_SS]);
	else
		return;
	t->start = found.start;
	if (t->duration == 0)
		t->duration = found.duration;
}

static void conclude_times(const struct zipkin_span *s, const struct survey *v, struct zipkin_conclusion *c)
{
	struct zipkin_times *t = &c->times;
	bool has_start = find_start(s, v, &t->start);

	c->had_negative_duration = s->has_duration && s->duration < 0;
	c->given_duration = s->duration;
	t->duration = c->had_negative_duration ? 1 : s->duration;
	if (!s->has_duration)
		conclude_duration(v, &has_start, t);
	if (!has_start)
		t->start = 0;
	if (t->start == 0)
		start_from_core(v, t);
}

static void conclude_other_side(const struct survey *v, struct zipkin_conclusion *c)
{
	const struct moment *core = v->core;

	c->is_both = core[ZIPKIN_CS].is_there && core[ZIPKIN_SR].is_there;
	c->other = v->is_client ? ZIPKIN_SERVER : ZIPKIN_CLIENT;
	c->other_times = v->is_client ? times_between(&core[ZIPKIN_SR], &core[ZIPKIN_SS])
	                              : times_between(&core[ZIPKIN_CS], &core[ZIPKIN_CR]);
}

static void conclude_service(const struct survey *v, struct zipkin_conclusion *c)
{
	const struct zipkin_endpoint *sources[] = { &v->by_core, &v->by_lc, &v->by_any, &v->by_binary };

	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (sources[i]->is_set) {
			c->service = sources[i]->service;
			c->ipv4 = sources[i]->ipv4;
			return;
		}
}

void zipkin_conclude(const struct zipkin_span *s, struct zipkin_conclusion *c)
{
	struct survey v = { 0 };

	survey_annotations(s->annotations, &v);
	survey_binary_annotations(s->binary_annotations, &v);
	*c = (struct zipkin_conclusion){
		.side = v.side,
		.has_parent = s->has_parent && s->parent != 0,
		.had_zero_parent = s->has_parent && s->parent == 0,
	};
	conclude_times(s, &v, c);
	conclude_other_side(&v, c);
	conclude_service(&v, c);
}
