/* SPDX-License-Identifier: Apache-2.0 */
/* log.c — librdkafka repeats an error with every connection attempt; an operator needs the changes. Each sentence,
 * which has the address in it, is logged when it is new and once more every ten minutes; recovery is logged when the
 * error lasted a second or longer.
 *
 * One error is current, for health: a misconfiguration takes precedence over an outage, because only an operator can
 * end it; of two of the same kind the later one. Any success clears it. librdkafka repeats an error of a connection
 * at least every 30 s, so such an error is cleared when it was not repeated for EXPIRES_S. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "log.h"

/* Shared by all clients of this process: consumer and producer of a drain log the loss of the same broker once. A
 * client that recovers ends its own causes; one that another client still has is not logged again. */
static struct kafka_recent_lines causes;

enum { LINE_AGAIN_S = 30, CAUSE_AGAIN_S = 600, EXPIRES_S = 75, WORTH_SAYING_S = 1 };

/* Clients of a process are few; from the 33rd on they share the bits of earlier ones. */
void kafka_log_begin(struct kafka_log *k, const char *who)
{
	static uint32_t begun;

	k->who = who;
	k->client = UINT32_C(1) << (begun++ % 32);
}

/* Maps librdkafka's syslog level. librdkafka retries after its errors, so they are no worse than that. GETPID fails
 * a few times on a broker that has just started. */
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

/* kafka.property applies to producer and consumer alike, so a property that only the other one has is normal. */
static bool is_property_of_other(const char *topic, const char *text)
{
	return strcmp(topic, "CONFWARN") == 0 && strstr(text, "will be ignored by this") != NULL;
}

void kafka_log_line(struct kafka_log *k, rd_kafka_event_t *event)
{
	const char *topic, *text;
	enum log_level level;
	uint64_t suppressed;
	int syslog;

	if (rd_kafka_event_log(event, &topic, &text, &syslog) < 0)
		return;
	level = is_property_of_other(topic, text) ? LOG_LEVEL_DEBUG : level_of(syslog, topic);
	if (level == LOG_LEVEL_DEBUG) { /* also the lines enabled by the property debug */
		log_debug("%s: %s: %s", k->who, topic, text);
		return;
	}
	if (strcmp(topic, "FAIL") == 0 || strcmp(topic, "ERROR") == 0 || strcmp(topic, "FATAL") == 0)
		return; /* also delivered as an error event */
	suppressed = k->lines.suppressed;
	if (!kafka_recent_is_new(&k->lines, topic, k->client, LINE_AGAIN_S * US_PER_S, clock_mono_us()))
		return;
	k->lines.suppressed = 0;
	if (suppressed > 0)
		log_line(level, "%s: %s: %s (%llu lines before it held back)", k->who, topic, text,
		        (unsigned long long)suppressed);
	else
		log_line(level, "%s: %s: %s", k->who, topic, text);
}

static bool is_stale(const struct kafka_log *k, uint64_t now)
{
	return now - k->repeated_us > EXPIRES_S * US_PER_S;
}

/* True when NEW should replace the current error. */
static bool takes_precedence(const struct kafka_log *k, const struct kafka_cause_read *new, uint64_t now)
{
	if (k->fault.cause == KAFKA_CAUSE_NONE || (is_stale(k, now) && kafka_cause_repeats(k->fault.cause)))
		return true;
	if (new->misconfigured != k->fault.misconfigured)
		return new->misconfigured;
	/* an error without the broker's address must not replace one that has it */
	return new->names_broker || !kafka_cause_repeats(new->cause);
}

static void set_fault(struct kafka_log *k, const struct kafka_cause_read *new, uint64_t now)
{
	if (k->fault.cause == KAFKA_CAUSE_NONE)
		k->since_us = now;
	k->repeated_us = now;
	if (strcmp(k->fault.sentence, new->sentence) == 0)
		return;
	k->fault.cause = new->cause;
	k->fault.misconfigured = new->misconfigured;
	memcpy(k->fault.sentence, new->sentence, sizeof(new->sentence));
	k->changes++;
}

void kafka_log_fault(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text)
{
	uint64_t now = clock_mono_us();
	struct kafka_cause_read new;

	kafka_cause_read(&new, err, text, &k->endpoint);
	if (new.cause == KAFKA_CAUSE_NONE)
		return;
	k->fault.counts[new.cause]++;
	if (takes_precedence(k, &new, now))
		set_fault(k, &new, now);
	if (kafka_recent_is_new(&causes, new.sentence, k->client, CAUSE_AGAIN_S * US_PER_S, now))
		log_line(new.misconfigured ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "%s: %s", k->who, new.sentence);
}

void kafka_log_fatal(struct kafka_log *k, rd_kafka_t *rk)
{
	char text[256] = "", line[sizeof(text) + 16];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(rk, text, sizeof(text));

	snprintf(line, sizeof(line), "fatal: %s", text);
	if (kafka_recent_is_new(&causes, line, k->client, CAUSE_AGAIN_S * US_PER_S, clock_mono_us()))
		log_error("%s: fatal error, a new handle will be made: %s", k->who, text);
	kafka_log_fault(k, err, "");
}

void kafka_log_unusable(struct kafka_log *k, const char *why)
{
	if (kafka_recent_is_new(&causes, why, k->client, CAUSE_AGAIN_S * US_PER_S, clock_mono_us()))
		log_error("%s: a file that a property names has changed and cannot be used, the old "
		          "content stays in use: %s",
		        k->who, why);
}

bool kafka_log_needs_credentials(const struct kafka_log *k)
{
	return k->fault.cause == KAFKA_CAUSE_TLS || k->fault.cause == KAFKA_CAUSE_LOGIN;
}

static void clear_fault(struct kafka_log *k)
{
	k->fault.cause = KAFKA_CAUSE_NONE;
	k->fault.misconfigured = false;
	k->fault.sentence[0] = '\0';
	k->changes++;
}

/* `causes` is kept after a short error, so that its next occurrence is not logged: with one of many brokers away, an
 * error begins with every connection attempt and ends with the next acknowledgement. */
void kafka_log_recovered(struct kafka_log *k)
{
	uint64_t seconds;

	if (k->fault.cause == KAFKA_CAUSE_NONE)
		return;
	seconds = (clock_mono_us() - k->since_us) / US_PER_S;
	clear_fault(k);
	if (seconds < WORTH_SAYING_S)
		return;
	kafka_recent_forget(&causes, k->client);
	log_info("%s: works again after %llu s", k->who, (unsigned long long)seconds);
}

void kafka_log_expire(struct kafka_log *k)
{
	if (kafka_cause_repeats(k->fault.cause) && is_stale(k, clock_mono_us()))
		clear_fault(k);
}
