/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_mock.c — librdkafka's mock cluster, owned by a producer handle that never produces. */
#include <stdlib.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "testkit/kafka_mock.h"

enum { API_PRODUCE = 0, API_SYNC_GROUP = 14, ALL_BROKERS = -1, FIRST_BROKER = 1, FAIL_MOST = 1000 };

struct kafka_mock {
	rd_kafka_t *carrier;
	rd_kafka_mock_cluster_t *cluster;
};

int kafka_mock_open(struct kafka_mock **out, int brokers, struct why *why)
{
	struct kafka_mock *m = calloc(1, sizeof(*m));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char said[200];

	if (m == NULL) {
		rd_kafka_conf_destroy(conf);
		return why_set(why, E_NOMEM, "kafka mock cluster");
	}
	rd_kafka_conf_set_log_cb(conf, NULL);
	m->carrier = rd_kafka_new(RD_KAFKA_PRODUCER, conf, said, sizeof(said));
	if (m->carrier == NULL) {
		rd_kafka_conf_destroy(conf);
		why_set(why, E_IO, "kafka mock cluster: %s", said);
		goto fail;
	}
	m->cluster = rd_kafka_mock_cluster_new(m->carrier, brokers);
	if (m->cluster == NULL) {
		why_set(why, E_IO, "kafka mock cluster of %d brokers cannot be started", brokers);
		goto fail;
	}
	*out = m;
	return 0;
fail:
	kafka_mock_free(m);
	return why->code;
}

const char *kafka_mock_bootstrap(const struct kafka_mock *m)
{
	return rd_kafka_mock_cluster_bootstraps(m->cluster);
}

int kafka_mock_topic(struct kafka_mock *m, const char *topic, int partitions)
{
	return rd_kafka_mock_topic_create(m->cluster, topic, partitions, 1) == 0 ? 0 : E_USAGE;
}

void kafka_mock_refuse_topic(struct kafka_mock *m, const char *topic, int code)
{
	rd_kafka_mock_topic_set_error(m->cluster, topic, (rd_kafka_resp_err_t)code);
}

void kafka_mock_down(struct kafka_mock *m)
{
	rd_kafka_mock_broker_set_down(m->cluster, ALL_BROKERS);
}

void kafka_mock_up(struct kafka_mock *m)
{
	rd_kafka_mock_broker_set_up(m->cluster, ALL_BROKERS);
}

void kafka_mock_fail_produce(struct kafka_mock *m, int code, int n)
{
	rd_kafka_resp_err_t errors[FAIL_MOST];
	int count = n > FAIL_MOST ? FAIL_MOST : n;

	if (count == 0)
		rd_kafka_mock_clear_request_errors(m->cluster, API_PRODUCE);

	for (int i = 0; i < count; i++)
		errors[i] = (rd_kafka_resp_err_t)code;
	if (count > 0)
		rd_kafka_mock_push_request_errors_array(m->cluster, API_PRODUCE, (size_t)count, errors);
}

void kafka_mock_lead(struct kafka_mock *m, const char *topic, int partition, int broker)
{
	rd_kafka_mock_partition_set_leader(m->cluster, topic, partition, broker);
}

static int failures_left(struct kafka_mock *m, int broker, int16_t api)
{
	size_t left = 0;

	rd_kafka_mock_broker_error_stack_cnt(m->cluster, broker, api, &left);
	return (int)left;
}

static void fail_requests(struct kafka_mock *m, int broker, int16_t api, int code, int n)
{
	for (int left = failures_left(m, broker, api); left < n; left++)
		rd_kafka_mock_broker_push_request_error_rtts(m->cluster, broker, api, 1, (rd_kafka_resp_err_t)code, 0);
}

void kafka_mock_fail_broker(struct kafka_mock *m, int broker, int code, int n)
{
	fail_requests(m, broker, API_PRODUCE, code, n);
}

void kafka_mock_fail_sync(struct kafka_mock *m, int code, int n)
{
	fail_requests(m, FIRST_BROKER, API_SYNC_GROUP, code, n);
}

int kafka_mock_sync_failures_left(struct kafka_mock *m)
{
	return failures_left(m, FIRST_BROKER, API_SYNC_GROUP);
}

void kafka_mock_delay(struct kafka_mock *m, int ms)
{
	rd_kafka_mock_broker_set_rtt(m->cluster, ALL_BROKERS, ms);
}

void kafka_mock_free(struct kafka_mock *m)
{
	if (m == NULL)
		return;
	if (m->cluster != NULL)
		rd_kafka_mock_cluster_destroy(m->cluster);
	if (m->carrier != NULL)
		rd_kafka_destroy(m->carrier);
	free(m);
}
