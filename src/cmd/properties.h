/* SPDX-License-Identifier: Apache-2.0 */
/* properties.h — NAME=VALUE options as properties for a Kafka door. */
#ifndef PROPERTIES_H
#define PROPERTIES_H

#include "config/conf.h"
#include "kafka/producer.h"

/* All zero is a valid empty one. */
struct properties {
	struct kafka_property *at;
	size_t n;
};

/* Appends the items of LIST, an option of the form NAME=VALUE; a later one wins at the door. */
int properties_add(struct properties *p, const struct conf_list *list, struct why *why) MUST_USE;
/* The same of NAME=PATH: the property's value is the first line of that file. */
int properties_add_files(struct properties *p, const struct conf_list *list, struct why *why) MUST_USE;
/* Appends one that is made here. */
int properties_put(struct properties *p, const char *name, const char *value, struct why *why) MUST_USE;
void properties_free(struct properties *p);

#endif
