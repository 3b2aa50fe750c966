/* kafka_log.c — librdkafka repeats itself with every attempt to connect; people want to hear when
 * something changes. A trouble is said when it begins or becomes another one, and once more when it
 * is over and was worth a mention. */
#include <string.h>

#include "clock.h"
#include "kafka_log.h"

enum { REPEAT_MS = 30000, WORTH_SAYING_S = 1 };

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

void kafka_log_said(struct kafka_log *k, rd_kafka_event_t *event)
{
	const char *topic, *text;
	enum log_level level;
	uint64_t held;
	int syslog;

	if (rd_kafka_event_log(event, &topic, &text, &syslog) < 0)
		return;
	level = level_of(syslog, topic);
	if (level == LOG_LEVEL_DEBUG) { /* was asked for with the property debug */
		log_debug("%s: %s: %s", k->who, topic, text);
		return;
	}
	if (strcmp(topic, "FAIL") == 0 || strcmp(topic, "ERROR") == 0 ||
	        strcmp(topic, "FATAL") == 0)
		return; /* comes as an error event too */
	held = k->lines.swallowed;
	if (!log_gate_open(&k->lines, REPEAT_MS))
		return;
	if (held > 0)
		log_line(level, "%s: %s: %s (%llu lines before it held back)", k->who, topic, text,
		        (unsigned long long)held);
	else
		log_line(level, "%s: %s: %s", k->who, topic, text);
}

static bool is_unreachable(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
	       err == RD_KAFKA_RESP_ERR__RESOLVE || err == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       err == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE;
}

static bool is_news(const struct kafka_log *k, rd_kafka_resp_err_t err)
{
	if (k->trouble == 0)
		return true;
	/* follows every other error, and says less */
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		return false;
	return err != k->trouble && !(is_unreachable(err) && is_unreachable(k->trouble));
}

void kafka_log_trouble(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text)
{
	const char *guess;

	if (!is_news(k, err))
		return;
	guess = strstr(text, ": might be caused by incorrect security.protocol");
	if (guess == NULL)
		guess = strstr(text, ": verify that security.protocol");
	if (k->trouble == 0)
		k->since_us = clock_mono_us();
	k->trouble = err;
	if (log_gate_open(&k->troubles, REPEAT_MS / 10))
		log_warn("%s: %s: %.*s", k->who, rd_kafka_err2name(err),
		        guess == NULL ? (int)strlen(text) : (int)(guess - text), text);
}

void kafka_log_healed(struct kafka_log *k)
{
	uint64_t seconds;

	if (k->trouble == 0)
		return;
	k->trouble = 0;
	seconds = (clock_mono_us() - k->since_us) / US_PER_S;
	if (seconds >= WORTH_SAYING_S)
		log_info("%s: works again after %llu s", k->who, (unsigned long long)seconds);
}
