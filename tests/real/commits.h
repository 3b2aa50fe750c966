/* SPDX-License-Identifier: Apache-2.0 */
/* What a consumer group has committed, by the coordinator's log. */
#ifndef COMMITS_H
#define COMMITS_H

#include <librdkafka/rdkafka.h>

/* Prints how many commits of a partition of TOPIC the coordinator has accepted from GROUP, how many generations GROUP had,
 * and how many of the commits were below an earlier one of the same partition, each of which is a line on standard error.
 * RK is a consumer that reports the ends of partitions. 0, or 1 when the log cannot be read. */
int print_commits(rd_kafka_t *rk, const char *topic, const char *group);

#endif
