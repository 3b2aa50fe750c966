/* SPDX-License-Identifier: Apache-2.0 */
/* strategies.c — Jaeger's file of sampling strategies:
 *
 *   { "default_strategy":   {"type": "probabilistic", "param": 0.5, "operation_strategies": […]},
 *     "service_strategies": [{"service": "front", "type": "ratelimiting", "param": 5, "operation_strategies": […]}] }
 *
 * An operation strategy is {"operation", "type", "param"}; one that is not probabilistic is left out, because clients
 * have no such sampler. A type that is not known is a warning, as in Jaeger: the service gets DEFAULT_RATE, and an
 * operation is left out. A service without operation strategies gets those of the default strategy, a service with some
 * gets the default's for all other operations. */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "whole_file.h"
#include "strategies.h"
#include "strategy.h"

#define DEFAULT_RATE 0.001 /* jaeger-collector's */

/* One element of the file. */
struct plan {
	const char *service; /* "" for the default strategy */
	enum strategy_type type;
	double param;
	struct strategy_operations operations;
	struct strategy_operation *list; /* operations.at */
	struct buf *unknown;             /* of the strategies */
};

struct strategy_of {
	struct buf service;
	struct buf text;
};

struct strategies {
	struct buf default_text;
	struct strategy_of *at;
	size_t n;
	struct buf unknown; /* about the first type that is not known; empty: there is none */
};

/* Reads the type of OBJECT. IS_KNOWN is false for a type that Jaeger does not know. */
static int read_type(const json_t *object, const char *where, struct buf *unknown, enum strategy_type *type,
        bool *is_known, struct why *why)
{
	const json_t *value = json_object_get(object, "type");
	const char *text = json_string_value(value);

	if (value != NULL && !json_is_null(value) && text == NULL)
		return why_set(why, E_MALFORMED, "%s: the type is no string", where);
	text = text == NULL ? "" : text;
	*type = strcmp(text, "ratelimiting") == 0 ? STRATEGY_RATE_LIMITING : STRATEGY_PROBABILISTIC;
	*is_known = *type == STRATEGY_RATE_LIMITING || strcmp(text, "probabilistic") == 0;
	if (!*is_known && unknown->len == 0)
		buf_printf(unknown, "%s: the type \"%.40s\" is neither probabilistic nor ratelimiting", where, text);
	return 0;
}

static int read_param(const json_t *object, const char *where, enum strategy_type type, double *param, struct why *why)
{
	const json_t *value = json_object_get(object, "param");
	double most = type == STRATEGY_PROBABILISTIC ? 1 : INT32_MAX;

	*param = json_number_value(value);
	if (!json_is_number(value) || *param < 0 || *param > most)
		return why_set(why, E_MALFORMED, "%s: param must be a number between 0 and %.0f", where, most);
	if (type == STRATEGY_RATE_LIMITING)
		*param = (double)(int32_t)*param;
	return 0;
}

static void add_operation(struct plan *p, const char *name, double rate)
{
	p->list[p->operations.n++] = (struct strategy_operation){ name, rate };
}

static int read_operation(const json_t *element, const char *where, struct plan *p, struct why *why)
{
	const char *name = json_string_value(json_object_get(element, "operation"));
	char here[300];
	enum strategy_type type;
	bool is_known;
	double param;

	if (name == NULL)
		return why_set(why, E_MALFORMED, "%s: an element of operation_strategies has no operation", where);
	snprintf(here, sizeof(here), "%s, operation %.80s", where, name);
	if (read_type(element, here, p->unknown, &type, &is_known, why) < 0)
		return why->code;
	if (!is_known)
		return 0;
	if (read_param(element, here, type, &param, why) < 0)
		return why->code;
	if (type == STRATEGY_PROBABILISTIC)
		add_operation(p, name, param);
	return 0;
}

/* Reads the operation strategies of P, with room for EXTRA more. */
static int read_operations(const json_t *object, const char *where, size_t extra, struct plan *p, struct why *why)
{
	const json_t *list = json_object_get(object, "operation_strategies");

	if (list != NULL && !json_is_null(list) && !json_is_array(list))
		return why_set(why, E_MALFORMED, "%s: operation_strategies is no list", where);
	p->list = calloc(json_array_size(list) + extra + 1, sizeof(*p->list));
	if (p->list == NULL)
		return why_set(why, E_NOMEM, "sampling strategies");
	p->operations.at = p->list;
	p->operations.default_rate = p->type == STRATEGY_PROBABILISTIC ? p->param : DEFAULT_RATE;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (read_operation(json_array_get(list, i), where, p, why) < 0)
			return why->code;
	return 0;
}

static bool has_operation(const struct plan *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return true;
	return false;
}

static void add_default_operations(struct plan *p, const struct plan *defaults)
{
	size_t own = p->operations.n;

	if (own == 0 && p->type != STRATEGY_PROBABILISTIC)
		p->operations.default_rate = defaults->operations.default_rate;
	for (size_t i = 0; i < defaults->operations.n; i++)
		if (!has_operation(p, own, defaults->list[i].name))
			add_operation(p, defaults->list[i].name, defaults->list[i].rate);
}

static void print_plan(const struct plan *p, struct buf *to)
{
	strategy_print(to, p->type, p->param, p->operations.n > 0 ? &p->operations : NULL);
}

/* Reads the strategy OBJECT and appends it to TO. DEFAULTS is NULL for the default strategy itself. */
static int read_plan(
        const json_t *object, const char *where, const struct plan *defaults, struct plan *p, struct why *why)
{
	size_t extra = defaults == NULL ? 0 : defaults->operations.n;
	bool is_known;

	if (!json_is_object(object))
		return why_set(why, E_MALFORMED, "%s is no object", where);
	if (read_type(object, where, p->unknown, &p->type, &is_known, why) < 0)
		return why->code;
	p->param = DEFAULT_RATE;
	if (is_known && read_param(object, where, p->type, &p->param, why) < 0)
		return why->code;
	if (read_operations(object, where, extra, p, why) < 0)
		return why->code;
	if (defaults != NULL)
		add_default_operations(p, defaults);
	return 0;
}

static int add_service(
        struct strategies *s, const json_t *element, size_t index, const struct plan *defaults, struct why *why)
{
	const json_t *name = json_object_get(element, "service");
	struct strategy_of *to = &s->at[s->n];
	struct plan p = { .unknown = &s->unknown };
	char where[200];
	int rc;

	snprintf(where, sizeof(where), "service_strategies[%zu]", index);
	if (!json_is_string(name))
		return why_set(why, E_MALFORMED, "%s names no service", where);
	snprintf(where, sizeof(where), "service %.100s", json_string_value(name));
	rc = read_plan(element, where, defaults, &p, why);
	if (rc == 0) {
		buf_add(&to->service, json_string_value(name), json_string_length(name));
		print_plan(&p, &to->text);
		s->n++;
		rc = buf_check(&to->service) < 0 || buf_check(&to->text) < 0 ? why_set(why, E_NOMEM, "%s", where) : 0;
	}
	free(p.list);
	return rc;
}

static int add_services(struct strategies *s, const json_t *list, const struct plan *defaults, struct why *why)
{
	if (list == NULL || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return why_set(why, E_MALFORMED, "service_strategies is no list");
	s->at = calloc(json_array_size(list) + 1, sizeof(*s->at));
	if (s->at == NULL)
		return why_set(why, E_NOMEM, "sampling strategies");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (add_service(s, json_array_get(list, i), i, defaults, why) < 0)
			return why->code;
	return 0;
}

static int add_all(struct strategies *s, const json_t *root, struct why *why)
{
	struct plan defaults = { .type = STRATEGY_PROBABILISTIC, .param = DEFAULT_RATE, .unknown = &s->unknown };
	const json_t *object = json_object_get(root, "default_strategy");
	int rc = 0;

	if (!json_is_object(root) && !json_is_null(root))
		return why_set(why, E_MALFORMED, "it is no JSON object");
	if (object != NULL && !json_is_null(object))
		rc = read_plan(object, "default_strategy", NULL, &defaults, why);
	if (rc == 0) {
		print_plan(&defaults, &s->default_text);
		rc = add_services(s, json_object_get(root, "service_strategies"), &defaults, why);
	}
	free(defaults.list);
	return rc == 0 && buf_check(&s->default_text) < 0 ? why_set(why, E_NOMEM, "sampling strategies") : rc;
}

int strategies_parse(struct strategies **out, struct slice text, struct why *why)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)text.at, text.len, JSON_DECODE_ANY, &error);
	struct strategies *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (root == NULL)
		rc = why_set(why, E_MALFORMED, "line %d, column %d: %s", error.line, error.column, error.text);
	else if (s == NULL)
		rc = why_set(why, E_NOMEM, "sampling strategies");
	if (rc == 0)
		rc = add_all(s, root, why);
	json_decref(root);
	if (rc < 0)
		strategies_free(s);
	else
		*out = s;
	return rc;
}

int strategies_read(struct strategies **out, const char *path, struct why *why)
{
	struct buf text = { 0 };
	int rc = whole_file_read(path, STRATEGIES_MOST, &text, why);

	if (rc == 0 && strategies_parse(out, buf_slice(&text), why) < 0)
		rc = why_wrap(why, "%s", path);
	buf_free(&text);
	return rc;
}

struct slice strategies_find(const struct strategies *s, struct slice service)
{
	for (size_t i = s->n; i > 0; i--) /* of two for one service the last counts, as in Jaeger */
		if (slice_same(buf_slice(&s->at[i - 1].service), service))
			return buf_slice(&s->at[i - 1].text);
	return buf_slice(&s->default_text);
}

const char *strategies_unknown(struct strategies *s)
{
	return s->unknown.len == 0 ? NULL : buf_cstr(&s->unknown);
}

size_t strategies_services(const struct strategies *s)
{
	return s->n;
}

void strategies_free(struct strategies *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n + 1 && s->at != NULL; i++) {
		buf_free(&s->at[i].service);
		buf_free(&s->at[i].text);
	}
	free(s->at);
	buf_free(&s->default_text);
	buf_free(&s->unknown);
	free(s);
}
