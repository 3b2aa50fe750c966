/* SPDX-License-Identifier: Apache-2.0 */
/* topics.c — the few things a test asks of a Kafka cluster's administrator: make and delete a topic,
 * wait for the brokers, find a leader, tell offsets. Prints the answer; exit 0 when it was done.
 *
 *   topics BROKERS create TOPIC PARTITIONS REPLICAS [KEY=VALUE]…
 *   topics BROKERS delete TOPIC
 *   topics BROKERS wait BROKER-COUNT SECONDS
 *   topics BROKERS leader TOPIC PARTITION
 *   topics BROKERS offsets TOPIC GROUP      a line for each partition: its number, its beginning, its end, and the
 *                                           offset that the group has committed, -1 when there is none
 *   topics BROKERS commits TOPIC GROUP      what the coordinator's log has of the group: commits.h
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <librdkafka/rdkafka.h>

#include "commits.h"

enum { ASK_MS = 2000, ADMIN_MS = 20000 };

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "topics: %s: %s\n", what, why);
	return 1;
}

/* In GROUP, of which it only asks; it never subscribes, so the group does not see it. */
static rd_kafka_t *connect_to(const char *brokers, const char *group)
{
	char err[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk = NULL;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, err, sizeof(err)) == RD_KAFKA_CONF_OK &&
	        rd_kafka_conf_set(conf, "group.id", group, err, sizeof(err)) == RD_KAFKA_CONF_OK &&
	        rd_kafka_conf_set(conf, "enable.auto.commit", "false", err, sizeof(err)) == RD_KAFKA_CONF_OK &&
	        rd_kafka_conf_set(conf, "enable.partition.eof", "true", err, sizeof(err)) == RD_KAFKA_CONF_OK &&
	        rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "500", err, sizeof(err)) == RD_KAFKA_CONF_OK &&
	        rd_kafka_conf_set(conf, "log_level", "2", err, sizeof(err)) == RD_KAFKA_CONF_OK)
		rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, err, sizeof(err));
	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		fail(brokers, err);
	}
	return rk;
}

/* The one result of a create or delete request. */
static int await(rd_kafka_queue_t *q, const char *topic)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(q, ADMIN_MS + 1000);
	const rd_kafka_topic_result_t **results = NULL;
	size_t n = 0;
	int rc = 0;

	if (ev == NULL)
		return fail(topic, "no answer");
	if (rd_kafka_event_error(ev))
		rc = fail(topic, rd_kafka_event_error_string(ev));
	else if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
		results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
	else
		results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(ev), &n);
	if (n == 1 && rd_kafka_topic_result_error(results[0]))
		rc = fail(topic, rd_kafka_err2str(rd_kafka_topic_result_error(results[0])));
	rd_kafka_event_destroy(ev);
	return rc;
}

static rd_kafka_AdminOptions_t *patient(rd_kafka_t *rk, rd_kafka_admin_op_t op)
{
	char err[256];
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(rk, op);

	rd_kafka_AdminOptions_set_request_timeout(o, ADMIN_MS, err, sizeof(err));
	rd_kafka_AdminOptions_set_operation_timeout(o, ADMIN_MS, err, sizeof(err));
	return o;
}

static int create(rd_kafka_t *rk, int argc, char **argv)
{
	char err[256];
	rd_kafka_NewTopic_t *t;
	rd_kafka_queue_t *q;
	rd_kafka_AdminOptions_t *o;
	int rc;

	t = rd_kafka_NewTopic_new(argv[0], atoi(argv[1]), atoi(argv[2]), err, sizeof(err));
	if (t == NULL)
		return fail(argv[0], err);
	for (int i = 3; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq == NULL) {
			rd_kafka_NewTopic_destroy(t);
			return fail(argv[i], "KEY=VALUE expected");
		}
		*eq = '\0';
		rd_kafka_NewTopic_set_config(t, argv[i], eq + 1);
	}
	q = rd_kafka_queue_new(rk);
	o = patient(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_CreateTopics(rk, &t, 1, o, q);
	rc = await(q, argv[0]);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_queue_destroy(q);
	rd_kafka_NewTopic_destroy(t);
	return rc;
}

static int delete (rd_kafka_t *rk, const char *topic)
{
	rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(topic);
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *o = patient(rk, RD_KAFKA_ADMIN_OP_DELETETOPICS);
	int rc;

	rd_kafka_DeleteTopics(rk, &t, 1, o, q);
	rc = await(q, topic);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_queue_destroy(q);
	rd_kafka_DeleteTopic_destroy(t);
	return rc;
}

/* A dead broker stays in the metadata for a session; the group list asks each one itself. */
static int all_answer(rd_kafka_t *rk, int brokers)
{
	const struct rd_kafka_metadata *md;
	const struct rd_kafka_group_list *groups;
	int there;

	if (rd_kafka_metadata(rk, 0, NULL, &md, ASK_MS) != 0)
		return 0;
	there = md->broker_cnt;
	rd_kafka_metadata_destroy(md);
	if (there < brokers || rd_kafka_list_groups(rk, NULL, &groups, ASK_MS) != 0)
		return 0;
	rd_kafka_group_list_destroy(groups);
	return 1;
}

static int wait_for(rd_kafka_t *rk, int brokers, int seconds)
{
	time_t until = time(NULL) + seconds;

	while (!all_answer(rk, brokers)) {
		if (time(NULL) >= until)
			return fail("wait", "the brokers are not all there");
		usleep(100000);
	}
	return 0;
}

/* How many partitions the topic has, -1 when it cannot be said; *LEADER leads the one asked for. Asks for the topic alone: with
 * auto-creation off that makes nothing. */
static int partitions_of(rd_kafka_t *rk, const char *topic, int leader_of, int *leader)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t e = rd_kafka_metadata(rk, 0, rkt, &md, ADMIN_MS);
	int n = -1;

	rd_kafka_topic_destroy(rkt);
	if (e == 0 && md->topic_cnt == 1)
		e = md->topics[0].err;
	if (e != 0)
		fail(topic, rd_kafka_err2str(e));
	else
		n = md->topics[0].partition_cnt;
	for (int i = 0; i < n; i++)
		if (md->topics[0].partitions[i].id == leader_of)
			*leader = md->topics[0].partitions[i].leader;
	if (md != NULL)
		rd_kafka_metadata_destroy(md);
	return n;
}

static int print_leader(rd_kafka_t *rk, const char *topic, int partition)
{
	int leader = -1;

	if (partitions_of(rk, topic, partition, &leader) < 0)
		return 1;
	printf("%d\n", leader);
	return 0;
}

static int print_offsets(rd_kafka_t *rk, const char *topic)
{
	rd_kafka_topic_partition_list_t *list;
	int n = partitions_of(rk, topic, -1, NULL);
	rd_kafka_resp_err_t e;

	if (n < 0)
		return 1;
	list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_topic_partition_list_add_range(list, topic, 0, n - 1);
	e = rd_kafka_committed(rk, list, ADMIN_MS);
	for (int i = 0; i < n && e == 0; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];
		int64_t low, high;

		e = rd_kafka_query_watermark_offsets(rk, p->topic, p->partition, &low, &high, ADMIN_MS);
		if (e == 0)
			printf("%" PRId32 " %" PRId64 " %" PRId64 " %" PRId64 "\n", p->partition, low, high,
			        p->offset >= 0 ? p->offset : -1);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return e == 0 ? 0 : fail("offsets", rd_kafka_err2str(e));
}

static int usage(void)
{
	fprintf(stderr, "topics BROKERS create TOPIC PARTITIONS REPLICAS [KEY=VALUE]… | delete TOPIC | "
	                "wait COUNT SECONDS | leader TOPIC PARTITION | offsets TOPIC GROUP | "
	                "commits TOPIC GROUP\n");
	return 2;
}

static int obey(rd_kafka_t *rk, const char *word, int argc, char **argv)
{
	if (strcmp(word, "create") == 0 && argc >= 3)
		return create(rk, argc, argv);
	if (strcmp(word, "delete") == 0)
		return delete (rk, argv[0]);
	if (strcmp(word, "wait") == 0 && argc == 2)
		return wait_for(rk, atoi(argv[0]), atoi(argv[1]));
	if (strcmp(word, "leader") == 0 && argc == 2)
		return print_leader(rk, argv[0], atoi(argv[1]));
	if (strcmp(word, "offsets") == 0 && argc == 2)
		return print_offsets(rk, argv[0]);
	if (strcmp(word, "commits") == 0 && argc == 2)
		return print_commits(rk, argv[0], argv[1]);
	return usage();
}

int main(int argc, char **argv)
{
	rd_kafka_t *rk;
	int rc;

	if (argc < 4)
		return usage();
	rk = connect_to(argv[1], strcmp(argv[2], "offsets") == 0 && argc == 5 ? argv[4] : "topics");
	if (rk == NULL)
		return 1;
	rc = obey(rk, argv[2], argc - 3, argv + 3);
	rd_kafka_destroy(rk);
	return rc;
}
