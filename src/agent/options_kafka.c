/* SPDX-License-Identifier: Apache-2.0 */
/* options_kafka.c — the options of the Kafka producer, made from the settings of the agent, for a start and for
 * `config check`. */
#include "agent/options.h"

enum { LINGER_MS = 25, LINGER_LEAST_MS = 5 };

int agent_kafka_opts(const struct agent_settings *set, struct properties *properties, struct kafka_producer_opts *to,
        struct why *why)
{
	if (jaeger_kafka_properties(&set->jaeger, JAEGER_ALL, properties, why) < 0 ||
	        properties_add(properties, &set->properties, why) < 0 ||
	        properties_add_files(properties, &set->property_files, why) < 0 ||
	        properties_add(properties, &set->producer_properties, why) < 0 ||
	        properties_add_files(properties, &set->producer_property_files, why) < 0)
		return why->code;
	*to = (struct kafka_producer_opts){
		.brokers = set->brokers,
		.topic = set->topic,
		.properties = properties->at,
		.nproperties = properties->n,
		.queue_bytes = set->flight_bytes,
		.record_bytes = set->batch_bytes,
		.linger_ms =
		        set->exposure_us == 0 ? LINGER_LEAST_MS : min_u64(LINGER_MS, set->exposure_us / 4 / US_PER_MS),
	};
	return 0;
}

int agent_kafka_check(const struct agent_settings *set, struct why *why)
{
	struct properties properties = { 0 };
	struct kafka_producer_opts opts;
	int rc = agent_kafka_opts(set, &properties, &opts, why);

	if (rc == 0)
		rc = kafka_producer_check(&opts, why);
	properties_free(&properties);
	return rc;
}
