/* SPDX-License-Identifier: Apache-2.0 */
/* The drain's options: rows, settings, checks, and the options of the parts made from them. */
#ifndef DRAIN_OPTIONS_H
#define DRAIN_OPTIONS_H

#include "drain/drain.h"
#include "exporter/options.h"
#include "http/access.h"
#include "kafka/jaeger_options.h"
#include "kafka/properties.h"

/* In the order of the words of drain.on-retention-loss. */
enum drain_on_loss { DRAIN_CONTINUE_AFTER_LOSS, DRAIN_STOP_AT_LOSS };

struct drainer_settings {
	const char *brokers;
	const char *topic;
	const char *group;
	struct conf_list properties;
	struct conf_list consumer_properties;
	struct conf_list producer_properties;
	struct conf_list property_files;
	struct conf_list consumer_property_files;
	struct conf_list producer_property_files;
	struct jaeger_kafka jaeger;
	struct collector_settings collector;
	uint64_t max_in_flight;
	uint64_t max_bytes;
	uint64_t max_ahead;
	const char *max_spans_per_second; /* goes into collector */
	const char *quarantine;
	const char *admin;
	struct access_settings access; /* of the admin port */
	uint64_t shutdown_us;
	const char *from_text;
	const char *until_text;
	int on_loss; /* enum drain_on_loss */
	bool exit_at_end;
	bool from_quarantine;
	bool dry_run;
	bool json;

	/* Derived from the options above by drain_options_finish. */
	char default_quarantine[300];
	enum quarantine_kind quarantine_kind;
	const char *quarantine_where;
	bool reads_directory; /* from_quarantine, and it is a directory: no Kafka is needed */
	char quarantine_group[300];
	struct replay_point from;
	struct replay_point until;
	bool own_group;         /* of a replay or dry run: GROUP is not the one that was given */
	const char *live_group; /* the one that was */
	char own_group_id[256];
};

/* Their fields are in struct drainer_settings; jaeger_consumer_rows and collector_rows fill its members jaeger and
 * collector. */
extern const struct conf_row drain_kafka_rows[], drain_rows[], drain_replay_rows[], drain_http_rows[];

/* Sets what is derived from several options, or depends on the host. 0, or an error that names the option. */
int drain_options_finish(struct conf *c, void *settings, struct why *why) MUST_USE;
/* Fills the consumer and quarantine options of TO. They borrow the texts of SET and both lists of properties. The
 * caller frees the lists, also after an error. */
int drain_kafka_opts(const struct drainer_settings *set, struct properties *for_consumer,
        struct properties *for_producer, struct drain_opts *to, struct why *why) MUST_USE;
/* Checks every Kafka option as a start would, without opening a connection. */
int drain_kafka_check(const struct drainer_settings *set, struct why *why) MUST_USE;
/* The check callback of drain_options: 0, or an error that names the option. */
int drain_check(const struct conf *c, const void *settings, struct why *why) MUST_USE;

#endif
