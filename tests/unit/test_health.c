/* SPDX-License-Identifier: Apache-2.0 */
/* test_health.c — posts, levels, and a log that hears of changes only. */
#include <fcntl.h>
#include <unistd.h>

#include "telemetry/health.h"
#include "base/log.h"
#include "tap.h"

/* What WHAT writes to stderr. */
static char *heard(void (*what)(struct health *h), struct health *h)
{
	static char said[4096];
	int keep = dup(STDERR_FILENO), pair[2];
	ssize_t n;

	said[0] = '\0';
	if (keep < 0 || pipe(pair) < 0 || dup2(pair[1], STDERR_FILENO) < 0)
		return said;
	close(pair[1]);
	what(h);
	dup2(keep, STDERR_FILENO);
	close(keep);
	n = read(pair[0], said, sizeof(said) - 1);
	close(pair[0]);
	said[n > 0 ? n : 0] = '\0';
	return said;
}

static int lines(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void post_fine_twice(struct health *h)
{
	health_post(h, "spool", HEALTH_OK, "writes");
	health_post(h, "spool", HEALTH_OK, "writes fast");
}

static void post_fault_thrice(struct health *h)
{
	health_post(h, "kafka", HEALTH_WARN, "broker %d is away", 1);
	health_post(h, "kafka", HEALTH_WARN, "broker %d is away", 2);
	health_post(h, "kafka", HEALTH_DOWN, "all %d brokers are away", 3);
}

static void post_recovery(struct health *h)
{
	health_post(h, "kafka", HEALTH_OK, "connected");
}

static void a_change_of_level_is_logged_once(void)
{
	struct health h = { 0 };
	char *said = heard(post_fine_twice, &h);

	is_text(said, "", "nothing is said while all is well");
	said = heard(post_fault_thrice, &h);
	is_int(lines(said), 2, "two changes, two lines");
	ok(strncmp(said, "{\"level\":\"warn\",", 16) == 0 &&
	                strstr(said, "\"msg\":\"kafka: broker 1 is away\"}\n{\"level\":\"error\"") != NULL,
	        "the first as a warning");
	ok(strstr(said, "\"msg\":\"kafka: all 3 brokers are away\"") != NULL, "the second as an error");
	said = heard(post_recovery, &h);
	ok(lines(said) == 1 && strstr(said, "\"info\"") != NULL, "the recovery once, as information");
}

static void the_board_keeps_the_last_sentence_and_the_worst_level(void)
{
	struct health h = { 0 };

	is_int(health_worst(&h), HEALTH_OK, "an empty board is ok");
	post_fine_twice(&h);
	is_text(h.parts[0].sentence, "writes fast", "a new sentence stands although the level is the same");
	ok(h.parts[0].since_ms > 0, "since when is known from the first post");
	heard(post_fault_thrice, &h);
	is_int(health_worst(&h), HEALTH_DOWN, "the worst of two");
	is_int(h.nparts, 2, "two parts");
	heard(post_recovery, &h);
	is_int(health_worst(&h), HEALTH_OK, "and ok again");
	is_text(health_word(HEALTH_WARN), "warn", "levels have words");
}

static void overfill(struct health *h)
{
	static char names[HEALTH_PARTS + 1][8];

	for (int i = 0; i <= HEALTH_PARTS; i++) {
		snprintf(names[i], sizeof(names[i]), "part%d", i);
		health_post(h, names[i], HEALTH_OK, "%0500d", i);
	}
}

static void a_full_board_and_a_long_sentence_do_no_harm(void)
{
	struct health h = { 0 };
	char *said = heard(overfill, &h);

	is_int(h.nparts, HEALTH_PARTS, "the board holds what it can");
	ok(strstr(said, "part16") != NULL, "the one too many is named");
	is_int(strlen(h.parts[0].sentence), HEALTH_SENTENCE - 1, "a long sentence is cut");
}

static void serving_has_a_beginning(void)
{
	struct health h = { 0 };
	uint64_t since;

	health_serve(&h, true);
	since = h.serving_since_us;
	ok(h.serving && since > 0 && h.serving_since_ms > 0, "since when is noted");
	health_serve(&h, true);
	ok(h.serving_since_us == since, "saying it again moves nothing");
	health_serve(&h, false);
	ok(!h.serving, "and it ends");
}

static void a_note_is_for_a_part_that_is_well(void)
{
	struct health h = { 0 };

	health_begin(&h, "kafka", HEALTH_WARN, "joining");
	ok(h.nparts == 1 && h.parts[0].level == HEALTH_WARN, "a part may begin with a warning");
	health_note(&h, "kafka", "%d spans", 5);
	is_text(h.parts[0].sentence, "joining", "it keeps its sentence while it is not well");
	health_post(&h, "kafka", HEALTH_OK, "reading");
	health_note(&h, "kafka", "%d spans", 5);
	is_text(h.parts[0].sentence, "5 spans", "then a note takes its place");
	health_note(&h, "nobody", "x");
	is_int(h.nparts, 1, "a note makes no part");
}

int main(void)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORM_JSON);
	a_change_of_level_is_logged_once();
	the_board_keeps_the_last_sentence_and_the_worst_level();
	a_full_board_and_a_long_sentence_do_no_harm();
	serving_has_a_beginning();
	a_note_is_for_a_part_that_is_well();
	return tap_done();
}
