/* SPDX-License-Identifier: Apache-2.0 */
/* mockbroker.c — librdkafka's mock cluster as a process of its own, so that it can be stopped,
 * killed and measured apart. Prints its bootstrap address, then obeys the lines of its standard
 * input and answers each with "ok" or "error"; at the end of the input it exits.
 *
 *   topic NAME PARTITIONS    down    up    delay MS    fail CODE TIMES    refuse NAME CODE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/kafka_mock.h"

static int obey(struct kafka_mock *m, const char *line)
{
	char name[256];
	int a, b;

	if (sscanf(line, "topic %255s %d", name, &a) == 2)
		return kafka_mock_topic(m, name, a);
	if (sscanf(line, "refuse %255s %d", name, &a) == 2)
		return kafka_mock_refuse_topic(m, name, a), 0;
	if (sscanf(line, "fail %d %d", &a, &b) == 2)
		return kafka_mock_fail_produce(m, a, b), 0;
	if (sscanf(line, "delay %d", &a) == 1)
		return kafka_mock_delay(m, a), 0;
	if (strcmp(line, "down\n") == 0)
		return kafka_mock_down(m), 0;
	if (strcmp(line, "up\n") == 0)
		return kafka_mock_up(m), 0;
	return E_USAGE;
}

int main(int argc, char **argv)
{
	struct kafka_mock *m;
	struct why why;
	char line[512];

	if (kafka_mock_open(&m, argc > 1 ? atoi(argv[1]) : 1, &why) < 0) {
		fprintf(stderr, "mockbroker: %s\n", why.text);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts(kafka_mock_bootstrap(m));
	while (fgets(line, sizeof(line), stdin) != NULL)
		puts(obey(m, line) == 0 ? "ok" : "error");
	kafka_mock_free(m);
	return 0;
}
