/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_options.c — the options of the Kafka producer and consumer, made from the settings of agent and drain,
 * for a start and for `config check`. */
#include "agent.h"
#include "drainer.h"

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

int drain_kafka_opts(const struct drainer_settings *set, struct properties *for_consumer,
        struct properties *for_producer, struct drain_opts *to, struct why *why)
{
	if (jaeger_kafka_properties(&set->jaeger, JAEGER_ALL, for_consumer, why) < 0 ||
	        jaeger_kafka_properties(&set->jaeger, JAEGER_CONNECTION, for_producer, why) < 0 ||
	        properties_add(for_consumer, &set->properties, why) < 0 ||
	        properties_add_files(for_consumer, &set->property_files, why) < 0 ||
	        properties_add(for_consumer, &set->consumer_properties, why) < 0 ||
	        properties_add_files(for_consumer, &set->consumer_property_files, why) < 0 ||
	        properties_add(for_producer, &set->properties, why) < 0 ||
	        properties_add_files(for_producer, &set->property_files, why) < 0 ||
	        properties_add(for_producer, &set->producer_properties, why) < 0 ||
	        properties_add_files(for_producer, &set->producer_property_files, why) < 0)
		return why->code;
	to->consumer = (struct kafka_consumer_opts){
		.brokers = set->brokers,
		.topic = set->topic,
		.topic_option = set->from_quarantine ? "drain.quarantine" : NULL,
		.group = set->group,
		.properties = for_consumer->at,
		.nproperties = for_consumer->n,
		.queue_bytes = set->max_bytes / 2,
		.offsets_of = set->live_group,
		.commits_nothing = set->own_group,
		.asks_bounds = set->from.kind != REPLAY_STORED || set->until.kind != REPLAY_NONE,
		.times_ms = { (int64_t)set->from.time_ms, (int64_t)set->until.time_ms },
	};
	to->quarantine = (struct quarantine_opts){
		.kind = set->quarantine_kind,
		.where = set->quarantine_where,
		.brokers = set->brokers,
		.properties = for_producer->at,
		.nproperties = for_producer->n,
		.consequence = "nothing is committed beyond it",
	};
	return 0;
}

int drain_kafka_check(const struct drainer_settings *set, struct why *why)
{
	struct properties for_consumer = { 0 }, for_producer = { 0 };
	struct drain_opts opts;
	int rc = drain_kafka_opts(set, &for_consumer, &for_producer, &opts, why);

	if (rc == 0)
		rc = kafka_consumer_check(&opts.consumer, why);
	if (rc == 0 && opts.quarantine.kind == QUARANTINE_TOPIC)
		rc = quarantine_topic_check(&opts.quarantine, why);
	properties_free(&for_consumer);
	properties_free(&for_producer);
	return rc;
}
