/* SPDX-License-Identifier: Apache-2.0 */
/* strategy.c — reads and prints sampling strategies. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "strategy.h"

enum { LEGACY_MOST = 32767 };

static const char *const type_names[] = {
	[STRATEGY_PROBABILISTIC] = "PROBABILISTIC", [STRATEGY_RATE_LIMITING] = "RATE_LIMITING"
};

/* ---- print ---- */

static void print_number_key(struct buf *to, const char *key, double v)
{
	buf_printf(to, "\"%s\":", key);
	buf_double(to, v);
}

static void print_text(struct buf *to, const char *text)
{
	json_t *value = json_string(text);
	char *printed = json_dumps(value, JSON_ENCODE_ANY);

	if (printed == NULL)
		to->failed = true;
	else
		buf_text(to, printed);
	free(printed);
	json_decref(value);
}

static void print_rate(struct buf *to, double rate)
{
	buf_text(to, "\"probabilisticSampling\":{");
	print_number_key(to, "samplingRate", rate);
	buf_byte(to, '}');
}

static void print_operations(struct buf *to, const struct strategy_operations *o)
{
	buf_text(to, "\"operationSampling\":{");
	print_number_key(to, "defaultSamplingProbability", o->default_rate);
	buf_byte(to, ',');
	print_number_key(to, "defaultLowerBoundTracesPerSecond", o->lower_bound);
	buf_text(to, ",\"perOperationStrategies\":[");
	for (size_t i = 0; i < o->n; i++) {
		buf_text(to, i == 0 ? "{\"operation\":" : ",{\"operation\":");
		print_text(to, o->at[i].name);
		buf_byte(to, ',');
		print_rate(to, o->at[i].rate);
		buf_byte(to, '}');
	}
	buf_text(to, "],");
	print_number_key(to, "defaultUpperBoundTracesPerSecond", o->upper_bound);
	buf_byte(to, '}');
}

/* A strategy; NaN stands for a member that is not there. */
struct strategy {
	enum strategy_type type;
	double rate;
	double traces_per_s;
	const struct strategy_operations *operations;
};

static void print(struct buf *to, const struct strategy *s)
{
	buf_printf(to, "{\"strategyType\":\"%s\"", type_names[s->type]);
	if (!isnan(s->rate)) {
		buf_byte(to, ',');
		print_rate(to, s->rate);
	}
	if (!isnan(s->traces_per_s)) {
		buf_text(to, ",\"rateLimitingSampling\":{");
		print_number_key(to, "maxTracesPerSecond", s->traces_per_s);
		buf_byte(to, '}');
	}
	if (s->operations != NULL) {
		buf_byte(to, ',');
		print_operations(to, s->operations);
	}
	buf_byte(to, '}');
}

void strategy_print(struct buf *to, enum strategy_type type, double param, const struct strategy_operations *operations)
{
	struct strategy s = {
		.type = type,
		.rate = type == STRATEGY_PROBABILISTIC ? param : (double)NAN,
		.traces_per_s = type == STRATEGY_RATE_LIMITING ? param : (double)NAN,
		.operations = operations,
	};

	print(to, &s);
}

/* ---- read ---- */

/* Sets V to the number KEY of OBJECT, 0 when it is not there. */
static int read_number(const json_t *object, const char *key, double most, double *v, struct why *why)
{
	const json_t *value = json_object_get(object, key);

	*v = 0;
	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_number(value))
		return why_set(why, E_MALFORMED, "%s is no number", key);
	*v = json_number_value(value);
	if (*v < 0 || *v > most)
		return why_set(why, E_MALFORMED, "%s is %g, and must be between 0 and %g", key, *v, most);
	return 0;
}

/* Sets MEMBER to the object KEY of OBJECT; NULL when it is not there. */
static int read_object(const json_t *object, const char *key, const json_t **member, struct why *why)
{
	*member = json_object_get(object, key);
	if (*member == NULL || json_is_null(*member)) {
		*member = NULL;
		return 0;
	}
	return json_is_object(*member) ? 0 : why_set(why, E_MALFORMED, "%s is no object", key);
}

static int read_type(const json_t *root, enum strategy_type *type, struct why *why)
{
	const json_t *value = json_object_get(root, "strategyType");

	*type = STRATEGY_PROBABILISTIC;
	if (value == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++)
		if ((json_is_integer(value) && json_integer_value(value) == (json_int_t)i) ||
		        (json_is_string(value) && strcmp(json_string_value(value), type_names[i]) == 0)) {
			*type = (enum strategy_type)i;
			return 0;
		}
	return why_set(why, E_MALFORMED, "strategyType is neither PROBABILISTIC nor RATE_LIMITING");
}

static int read_rate(const json_t *object, double *rate, struct why *why)
{
	const json_t *member;

	*rate = (double)NAN;
	if (read_object(object, "probabilisticSampling", &member, why) < 0)
		return E_MALFORMED;
	return member == NULL ? 0 : read_number(member, "samplingRate", 1, rate, why);
}

static int read_traces_per_s(const json_t *root, double *traces_per_s, struct why *why)
{
	const json_t *member;

	*traces_per_s = (double)NAN;
	if (read_object(root, "rateLimitingSampling", &member, why) < 0)
		return E_MALFORMED;
	return member == NULL ? 0 : read_number(member, "maxTracesPerSecond", INT32_MAX, traces_per_s, why);
}

static int read_operation(const json_t *element, struct strategy_operation *o, struct why *why)
{
	o->name = json_string_value(json_object_get(element, "operation"));
	if (o->name == NULL)
		return why_set(why, E_MALFORMED, "an element of perOperationStrategies names no operation");
	if (read_rate(element, &o->rate, why) < 0)
		return E_MALFORMED;
	if (isnan(o->rate))
		return why_set(why, E_MALFORMED, "the operation %.100s has no probabilisticSampling", o->name);
	return 0;
}

static int read_operations(const json_t *member, struct strategy_operations *o, struct why *why)
{
	const json_t *list = json_object_get(member, "perOperationStrategies");
	struct strategy_operation *at;

	*o = (struct strategy_operations){ 0 };
	if (read_number(member, "defaultSamplingProbability", 1, &o->default_rate, why) < 0 ||
	        read_number(member, "defaultLowerBoundTracesPerSecond", HUGE_VAL, &o->lower_bound, why) < 0 ||
	        read_number(member, "defaultUpperBoundTracesPerSecond", HUGE_VAL, &o->upper_bound, why) < 0)
		return E_MALFORMED;
	if (list == NULL || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return why_set(why, E_MALFORMED, "perOperationStrategies is no list");
	at = calloc(json_array_size(list) + 1, sizeof(*at));
	if (at == NULL)
		return why_set(why, E_NOMEM, "sampling strategy");
	o->at = at;
	for (; o->n < json_array_size(list); o->n++)
		if (read_operation(json_array_get(list, o->n), &at[o->n], why) < 0)
			return E_MALFORMED;
	return 0;
}

static int normalize(const json_t *root, struct buf *to, struct why *why)
{
	struct strategy_operations operations = { 0 };
	const json_t *member;
	struct strategy s = { 0 };
	int rc;

	if (!json_is_object(root))
		return why_set(why, E_MALFORMED, "it is no JSON object");
	if (read_type(root, &s.type, why) < 0 || read_rate(root, &s.rate, why) < 0 ||
	        read_traces_per_s(root, &s.traces_per_s, why) < 0 ||
	        read_object(root, "operationSampling", &member, why) < 0)
		return why->code;
	rc = member == NULL ? 0 : read_operations(member, &operations, why);
	if (member != NULL)
		s.operations = &operations;
	if (rc == 0 && isnan(s.rate) && isnan(s.traces_per_s) && s.operations == NULL)
		rc = why_set(why, E_MALFORMED, "it has no strategy in it");
	if (rc == 0)
		print(to, &s);
	free((struct strategy_operation *)operations.at);
	return rc;
}

int strategy_normalize(struct slice text, struct buf *to, struct why *why)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)text.at, text.len, 0, &error);
	int rc;

	if (root == NULL)
		return why_set(why, E_MALFORMED, "it is no JSON: %s", error.text);
	rc = normalize(root, to, why);
	json_decref(root);
	return rc == 0 && buf_check(to) < 0 ? why_set(why, E_NOMEM, "sampling strategy") : rc;
}

/* The bytes behind TEXT in S; NULL: TEXT does not stand there. */
static const uint8_t *find_behind(struct slice s, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= s.len; i++)
		if (memcmp(s.at + i, text, len) == 0)
			return s.at + i + len;
	return NULL;
}

int strategy_legacy(struct slice strategy, struct buf *to)
{
	/* strategy_normalize prints the limit before the names of operations, in which quotes are escaped. */
	const uint8_t *limit = find_behind(strategy, "\"rateLimitingSampling\":{\"maxTracesPerSecond\":");

	if (limit != NULL && strtod((const char *)limit, NULL) > LEGACY_MOST)
		return E_TOO_LARGE;
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
		char head[64];
		size_t len = (size_t)snprintf(head, sizeof(head), "{\"strategyType\":\"%s\"", type_names[i]);

		if (strategy.len <= len || memcmp(strategy.at, head, len) != 0)
			continue;
		buf_printf(to, "{\"strategyType\":%zu", i);
		buf_add(to, strategy.at + len, strategy.len - len);
	}
	return buf_check(to);
}
