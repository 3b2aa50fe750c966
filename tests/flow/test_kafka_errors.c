/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_errors.c — every error code that a broker can answer to a record, one after the other,
 * to one producer: each record ends in one report, and the next one gets through. */
#include "kafka_sender.h"

enum { LAST_CODE = 100 };

static bool is_known(int code)
{
	return code != RD_KAFKA_RESP_ERR_NO_ERROR &&
	       strncmp(rd_kafka_err2name((rd_kafka_resp_err_t)code), "ERR_", 4) != 0;
}

/* Sends one record until one is acknowledged. */
static bool got_through(void *arg)
{
	struct sender *s = arg;

	if (s->reported < s->sent)
		return false;
	if (s->sent > s->want && s->recs[s->sent - 1].outcome == KAFKA_PERSISTED)
		return true;
	if (!s->held || s->rooms > 0) {
		s->rooms = 0;
		s->held = sender_put(s) != 0;
	}
	return false;
}

static const char *const names[] = { "persisted", "not persisted", "possibly persisted", "too large" };

static void answer_with(struct sender *s, int code)
{
	uint64_t fatal = kafka_producer_stats(s->p)->fatal;
	bool through;

	mockproc_say(&s->broker, "fail %d 1", code);
	s->want = s->sent;
	s->held = false;
	through = wait_until(s->loop, got_through, s, SECONDS);
	ok(through && sender_not_once(s) == 0, "%d %s: %s%s, and the next gets through", code,
	        rd_kafka_err2name((rd_kafka_resp_err_t)code), names[s->recs[s->want].outcome],
	        kafka_producer_stats(s->p)->fatal > fatal ? ", a new handle" : "");
}

int main(void)
{
	struct sender *s;

	log_setup(LOG_LEVEL_ERROR, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	s = sender_start((struct kafka_producer_opts){ .linger_ms = 1 });
	for (int code = -1; code <= LAST_CODE; code++) {
		if (is_known(code))
			answer_with(s, code);
	}
	sender_stop(s);
	return tap_done();
}
