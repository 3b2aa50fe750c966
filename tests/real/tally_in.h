/* SPDX-License-Identifier: Apache-2.0 */
/* tally_in.h — where tally's arrivals come from. */
#ifndef TALLY_IN_H
#define TALLY_IN_H

#include <stdint.h>

/* A span arrived under the two halves of its trace id. */
typedef void tally_arrival(void *arg, uint64_t high, uint64_t low);

/* Every record of TOPIC from its beginning to the end it has now. 0, or 1 with a line on stderr. */
int tally_topic(const char *brokers, const char *topic, uint64_t run, tally_arrival *arrived, void *arg);

#endif
