/* SPDX-License-Identifier: Apache-2.0 */
/* log.c — librdkafka repeats itself with every attempt to connect; people want to hear when
 * something changes. Each cause, which is a sentence with the address in it, is logged when it is new,
 * and once more every ten minutes; the end of trouble is logged when it was worth a mention.
 *
 * One cause stands for the health of the whole: a misconfiguration before an outage, because that
 * passes only when somebody acts; of two alike, the later one. Any success clears it. An error of a
 * connection is repeated by librdkafka at least every 30 s, so that it is forgotten when it is not. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "log.h"

/* Of all clients of this process, by sentence: the consumer and the producer of a drain lose the same broker, which is
 * one fact. */
static struct kafka_said causes;

enum { LINE_AGAIN_S = 30, CAUSE_AGAIN_S = 600, EXPIRES_S = 75, WORTH_SAYING_S = 1 };

/* The syslog levels of librdkafka. Its errors are things that it goes on trying, and a broker that has
 * just been started is asked for a producer id some times. */
static enum log_level level_of(int syslog, const char *topic)
{
	if (strcmp(topic, "GETPID") == 0)
		return LOG_LEVEL_INFO;
	if (syslog <= 2)
		return LOG_LEVEL_ERROR;
	if (syslog <= 4)
		return LOG_LEVEL_WARN;
	return syslog <= 6 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

/* kafka.property gives a property to producer and consumer alike; that only one of them has it is no fault. */
static bool is_property_of_other(const char *topic, const char *text)
{
	return strcmp(topic, "CONFWARN") == 0 && strstr(text, "will be ignored by this") != NULL;
}

void kafka_log_said(struct kafka_log *k, rd_kafka_event_t *event)
{
	const char *topic, *text;
	enum log_level level;
	uint64_t held;
	int syslog;

	if (rd_kafka_event_log(event, &topic, &text, &syslog) < 0)
		return;
	level = is_property_of_other(topic, text) ? LOG_LEVEL_DEBUG : level_of(syslog, topic);
	if (level == LOG_LEVEL_DEBUG) { /* as also asked for with the property debug */
		log_debug("%s: %s: %s", k->who, topic, text);
		return;
	}
	if (strcmp(topic, "FAIL") == 0 || strcmp(topic, "ERROR") == 0 || strcmp(topic, "FATAL") == 0)
		return; /* comes as an error event too */
	held = k->lines.held;
	if (!kafka_said_is_news(&k->lines, topic, LINE_AGAIN_S * US_PER_S, clock_mono_us()))
		return;
	k->lines.held = 0;
	if (held > 0)
		log_line(level, "%s: %s: %s (%llu lines before it held back)", k->who, topic, text,
		        (unsigned long long)held);
	else
		log_line(level, "%s: %s: %s", k->who, topic, text);
}

static bool is_stale(const struct kafka_log *k, uint64_t now)
{
	return now - k->heard_us > EXPIRES_S * US_PER_S;
}

/* Whether NEW is what the operator should act on, rather than the cause that stands. */
static bool comes_first(const struct kafka_log *k, const struct kafka_cause_read *new, uint64_t now)
{
	if (k->trouble.cause == KAFKA_CAUSE_NONE || (is_stale(k, now) && kafka_cause_repeats(k->trouble.cause)))
		return true;
	if (new->misconfigured != k->trouble.misconfigured)
		return new->misconfigured;
	/* "a broker cannot be reached" without its name says less than one that names it */
	return new->names_broker || !kafka_cause_repeats(new->cause);
}

static void adopt(struct kafka_log *k, const struct kafka_cause_read *new, uint64_t now)
{
	if (k->trouble.cause == KAFKA_CAUSE_NONE)
		k->since_us = now;
	k->heard_us = now;
	if (strcmp(k->trouble.sentence, new->sentence) == 0)
		return;
	k->trouble.cause = new->cause;
	k->trouble.misconfigured = new->misconfigured;
	memcpy(k->trouble.sentence, new->sentence, sizeof(new->sentence));
	k->changes++;
}

void kafka_log_trouble(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text)
{
	uint64_t now = clock_mono_us();
	struct kafka_cause_read new;

	kafka_cause_read(&new, err, text, &k->place);
	if (new.cause == KAFKA_CAUSE_NONE)
		return;
	k->trouble.counts[new.cause]++;
	if (comes_first(k, &new, now))
		adopt(k, &new, now);
	if (kafka_said_is_news(&causes, new.sentence, CAUSE_AGAIN_S * US_PER_S, now))
		log_line(new.misconfigured ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "%s: %s", k->who, new.sentence);
}

void kafka_log_fatal(struct kafka_log *k, rd_kafka_t *rk)
{
	char text[256] = "", line[sizeof(text) + 16];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(rk, text, sizeof(text));

	snprintf(line, sizeof(line), "fatal: %s", text);
	if (kafka_said_is_news(&causes, line, CAUSE_AGAIN_S * US_PER_S, clock_mono_us()))
		log_error("%s: fatal error, a new handle will be made: %s", k->who, text);
	kafka_log_trouble(k, err, "");
}

void kafka_log_unusable(struct kafka_log *k, const char *why)
{
	if (kafka_said_is_news(&causes, why, CAUSE_AGAIN_S * US_PER_S, clock_mono_us()))
		log_error("%s: a file that a property names has changed and cannot be used, the old "
		          "content stays in use: %s",
		        k->who, why);
}

bool kafka_log_is_refused(const struct kafka_log *k)
{
	return k->trouble.cause == KAFKA_CAUSE_TLS || k->trouble.cause == KAFKA_CAUSE_LOGIN;
}

static void forget(struct kafka_log *k)
{
	k->trouble.cause = KAFKA_CAUSE_NONE;
	k->trouble.misconfigured = false;
	k->trouble.sentence[0] = '\0';
	k->changes++;
}

/* What lasted only a moment is not logged again when it comes back at once: one broker of many that is
 * away, while the others acknowledge, begins and ends with every attempt to connect. */
void kafka_log_healed(struct kafka_log *k)
{
	uint64_t seconds;

	if (k->trouble.cause == KAFKA_CAUSE_NONE)
		return;
	seconds = (clock_mono_us() - k->since_us) / US_PER_S;
	forget(k);
	if (seconds < WORTH_SAYING_S)
		return;
	causes.n = 0;
	log_info("%s: works again after %llu s", k->who, (unsigned long long)seconds);
}

void kafka_log_expire(struct kafka_log *k)
{
	if (kafka_cause_repeats(k->trouble.cause) && is_stale(k, clock_mono_us()))
		forget(k);
}
