/* SPDX-License-Identifier: Apache-2.0 */
/* NAME=VALUE options as librdkafka properties. */
#ifndef PROPERTIES_H
#define PROPERTIES_H

#include "config/conf.h"
#include "kafka/producer.h"

/* All zero is an empty list. */
struct properties {
	struct kafka_property *at;
	size_t n;
};

/* Appends the items of LIST, an option of the form NAME=VALUE; when a name occurs twice, librdkafka uses the later value. */
int properties_add(struct properties *p, const struct conf_list *list, struct why *why) MUST_USE;
/* As properties_add, for items NAME=PATH: the value is the first line of the file PATH. */
int properties_add_files(struct properties *p, const struct conf_list *list, struct why *why) MUST_USE;
/* Appends the property NAME=VALUE. */
int properties_put(struct properties *p, const char *name, const char *value, struct why *why) MUST_USE;
void properties_free(struct properties *p);

#endif
