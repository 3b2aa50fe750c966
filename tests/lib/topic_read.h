/* SPDX-License-Identifier: Apache-2.0 */
/* topic_read.h — reads a whole topic with librdkafka alone, as a judge that knows nothing of us. */
#ifndef TOPIC_READ_H
#define TOPIC_READ_H

#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

/* Calls EACH for every record of PARTITIONS partitions, from their beginning to their end now.
 * Returns how many there were, -1 when the broker does not answer for 20 s. */
static inline int topic_read(const char *brokers, const char *topic, int partitions,
        void (*each)(void *arg, const rd_kafka_message_t *m), void *arg)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
	int count = 0, ended = 0, silent = 0;
	rd_kafka_message_t *m;
	char said[200];
	rd_kafka_t *rk;

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, said, sizeof(said));
	rd_kafka_conf_set(conf, "group.id", "judge", said, sizeof(said));
	rd_kafka_conf_set(conf, "enable.auto.commit", "false", said, sizeof(said));
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", said, sizeof(said));
	rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", said, sizeof(said));
	rd_kafka_conf_set(conf, "log_level", "0", said, sizeof(said));
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	rd_kafka_poll_set_consumer(rk);
	for (int p = 0; p < partitions; p++)
		rd_kafka_topic_partition_list_add(all, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(rk, all);
	while (ended < partitions && silent < 200) {
		m = rd_kafka_consumer_poll(rk, 100);
		silent = m == NULL ? silent + 1 : 0;
		if (m == NULL)
			continue;
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			ended++;
		if (m->err == 0) {
			count++;
			each(arg, m);
		}
		rd_kafka_message_destroy(m);
	}
	rd_kafka_topic_partition_list_destroy(all);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return ended < partitions ? -1 : count;
}

#endif
