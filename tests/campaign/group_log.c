/* SPDX-License-Identifier: Apache-2.0 */
/* group_log.c — reads Kafka requests and answers off the sockets of the mock cluster.
 *
 * The mock cluster takes its connections by accept(), which nothing else in a campaign does, and moves its bytes by
 * recvmsg() and sendmsg(); the three calls stand here before those of libc. A SyncGroup request of the leader holds
 * the whole assignment of a generation. An OffsetCommit request names member, generation and partitions; its answer
 * is found by the number of the request.
 *
 * A member may commit a partition that its own generation assigns to it. It may also commit one that an earlier
 * generation assigned to it and none has assigned to anybody else since: a cooperative member gives a partition up
 * only after it has learned of an assignment without it. A request without a member's id, or without a generation, comes
 * from one that has just been told that it is no member any more; the coordinator must refuse it. */
#include <config.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "group_log.h"
#include "wire_reader.h"

enum {
	API_OFFSET_COMMIT = 8,
	API_SYNC_GROUP = 14,
	DESCRIPTORS = 4096,
	FRAME_MOST = 64 << 20,
	WAITING = 64, /* commit requests of a connection that have no answer yet */
	GENERATIONS = 20000,
	COMMITS = 200000,
	MEMBERS = 8,
};

struct waiting_commit {
	int32_t number; /* of the request */
	bool used;
	bool returned; /* judge() */
	bool outside;  /* its sender is no member any more, and must be refused */
};

struct connection {
	struct buf in, out;
	struct waiting_commit waiting[WAITING];
	/* What was asked in each of them, by partition; -1: not named. */
	int64_t offsets[WAITING][GROUP_LOG_PARTITIONS];
};

struct generation {
	int32_t id;
	uint64_t began_us;
	char owner[GROUP_LOG_PARTITIONS][NAME]; /* "": nobody */
	char member[MEMBERS][NAME];
};

struct commit {
	uint64_t at_us;
	int64_t offset;
	int partition;
};

static struct {
	pthread_mutex_t lock;
	struct connection *of[DESCRIPTORS];
	char topic[NAME];
	int partitions;
	struct generation *generations;
	size_t ngenerations;
	struct commit *commits;
	size_t ncommits;
	int64_t committed[GROUP_LOG_PARTITIONS];
	struct group_log_counts counts;
	char wrong[400];
} now = { .lock = PTHREAD_MUTEX_INITIALIZER };

__attribute__((format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
	va_list ap;

	if (now.wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(now.wrong, sizeof(now.wrong), fmt, ap);
	va_end(ap);
}

static bool is_ours(const char *topic, int64_t partition)
{
	return strcmp(topic, now.topic) == 0 && partition >= 0 && partition < now.partitions;
}

/* ---- assignments ---- */

/* The part of one member: version, topics with their partitions, and data of the member's own. */
static void read_assignment(struct generation *g, const char *member, struct reader r)
{
	char topic[NAME];

	read_int(&r, 2);
	for (int64_t topics = read_int(&r, 4); topics > 0 && !r.bad; topics--) {
		read_text(&r, topic);
		for (int64_t n = read_int(&r, 4); n > 0 && !r.bad; n--) {
			int64_t partition = read_int(&r, 4);

			if (!is_ours(topic, partition))
				continue;
			if (g->owner[partition][0] != '\0')
				wrong("generation %d assigns partition %d twice", g->id, (int)partition);
			snprintf(g->owner[partition], NAME, "%s", member);
		}
	}
	if (r.bad)
		wrong("an assignment of generation %d cannot be read", g->id);
}

static void on_sync(struct reader *r, int version)
{
	struct generation *g;
	char name[NAME];
	int64_t members;

	read_text(r, name); /* the group */
	if (now.ngenerations == GENERATIONS) {
		wrong("more than %d generations", GENERATIONS);
		return;
	}
	g = &now.generations[now.ngenerations];
	memset(g, 0, sizeof(*g));
	g->id = (int32_t)read_int(r, 4);
	g->began_us = clock_mono_us();
	read_text(r, name); /* the sender */
	if (version >= 3)
		read_text(r, name); /* its instance */
	members = read_int(r, 4);
	/* Not the leader; or one of a group that has moved on without it, whom the coordinator refuses. */
	if (members <= 0 || g->id < 0 || (now.ngenerations > 0 && g->id <= g[-1].id))
		return;
	now.ngenerations++;
	now.counts.generations++;
	for (int64_t i = 0; i < members && !r->bad; i++) {
		int64_t len;
		const uint8_t *at;

		read_text(r, name);
		if (i < MEMBERS)
			snprintf(g->member[i], NAME, "%s", name);
		len = read_int(r, 4);
		at = skip(r, len);
		if (!r->bad && len > 0)
			read_assignment(g, name, (struct reader){ at, (size_t)len, false });
	}
	if (r->bad)
		wrong("a SyncGroup request cannot be read");
}

/* ---- commits ---- */

/* "7: A, 6: nobody, 5: B": who had PARTITION, from generation G back. */
static const char *owners(const struct generation *g, int64_t partition)
{
	static char text[240];
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < 5 && g >= now.generations && len < sizeof(text); i++, g--)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d: %.30s", i == 0 ? "" : ", ", g->id,
		        g->owner[partition][0] == '\0' ? "nobody" : g->owner[partition]);
	return text;
}

static bool has_member(const struct generation *g, const char *member)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (strcmp(g->member[i], member) == 0)
			return true;
	return false;
}

/* False: MEMBER was left out of a generation since it had PARTITION, and may think that it has it still. A coordinator
 * gives such a member another id when it comes back; the mock cluster takes it under the old one. */
static bool judge(int32_t id, const char *member, int64_t partition, int64_t offset)
{
	const struct generation *mine = NULL, *last;

	for (size_t i = now.ngenerations; i-- > 0 && mine == NULL;)
		if (now.generations[i].id <= id)
			mine = &now.generations[i];
	if (mine == NULL) {
		wrong("a commit of partition %d names generation %d, which has no assignment", (int)partition, id);
		return true;
	}
	for (last = mine; last > now.generations && last->owner[partition][0] == '\0'; last--)
		;
	if (strcmp(last->owner[partition], member) == 0)
		return true;
	for (last = mine; last >= now.generations; last--) {
		if (strcmp(last->owner[partition], member) == 0)
			break;
		if (!has_member(last, member))
			return false;
	}
	wrong("%s commits offset %" PRId64 " of partition %d in generation %d; assigned to %s", member, offset,
	        (int)partition, id, owners(mine, partition));
	return true;
}

static size_t wait_for_answer(struct connection *c, int32_t number)
{
	size_t i = 0;

	while (i < WAITING - 1 && c->waiting[i].used)
		i++;
	c->waiting[i] = (struct waiting_commit){ .number = number, .used = true };
	for (int p = 0; p < GROUP_LOG_PARTITIONS; p++)
		c->offsets[i][p] = -1;
	return i;
}

static void on_commit(struct connection *c, struct reader *r, int version, int32_t number)
{
	char name[NAME], member[NAME], topic[NAME];
	size_t slot = wait_for_answer(c, number);
	int32_t id;

	read_text(r, name); /* the group */
	id = (int32_t)read_int(r, 4);
	read_text(r, member);
	if (version >= 7)
		read_text(r, name); /* its instance */
	if (version >= 2 && version <= 4)
		read_int(r, 8); /* retention */
	for (int64_t topics = read_int(r, 4); topics > 0 && !r->bad; topics--) {
		read_text(r, topic);
		for (int64_t n = read_int(r, 4); n > 0 && !r->bad; n--) {
			int64_t partition = read_int(r, 4), offset = read_int(r, 8);

			if (version >= 6)
				read_int(r, 4); /* leader epoch */
			if (version == 1)
				read_int(r, 8); /* time */
			read_text(r, name);     /* metadata */
			if (!is_ours(topic, partition))
				continue;
			if (member[0] != '\0' && id >= 0)
				c->waiting[slot].returned |= !judge(id, member, partition, offset);
			else
				c->waiting[slot].outside = true;
			c->offsets[slot][partition] = offset;
		}
	}
	if (r->bad || version < 1 || version > 7)
		wrong("an OffsetCommit request of version %d cannot be read", version);
}

static void note_commit(int partition, int64_t offset, bool returned)
{
	now.counts.commits++;
	if (offset < now.committed[partition] && !returned)
		wrong("the committed offset of partition %d goes back from %" PRId64 " to %" PRId64, partition,
		        now.committed[partition], offset);
	if (now.ncommits == COMMITS)
		wrong("more than %d commits", COMMITS);
	else
		now.commits[now.ncommits++] = (struct commit){ clock_mono_us(), offset, partition };
	now.committed[partition] = offset;
}

/* Versions 3 to 7 differ in nothing that is read here, and librdkafka sends no older one to the mock cluster. */
static void on_commit_answer(struct connection *c, struct reader *r, size_t slot)
{
	char topic[NAME];

	read_int(r, 4); /* throttle time */
	for (int64_t topics = read_int(r, 4); topics > 0 && !r->bad; topics--) {
		read_text(r, topic);
		for (int64_t n = read_int(r, 4); n > 0 && !r->bad; n--) {
			int64_t partition = read_int(r, 4), error = read_int(r, 2);

			if (!is_ours(topic, partition) || c->offsets[slot][partition] < 0)
				continue;
			if (error == 0 && c->waiting[slot].outside)
				wrong("a commit of none that is a member was accepted");
			if (error == 0)
				note_commit((int)partition, c->offsets[slot][partition], c->waiting[slot].returned);
			else
				now.counts.refused++;
		}
	}
	c->waiting[slot].used = false;
	if (r->bad)
		wrong("an answer to OffsetCommit cannot be read");
}

/* ---- the streams ---- */

static void on_request(struct connection *c, struct reader r)
{
	int api = (int)read_int(&r, 2), version = (int)read_int(&r, 2);
	int32_t number = (int32_t)read_int(&r, 4);
	char client[NAME];

	read_text(&r, client);
	if (api == API_SYNC_GROUP)
		on_sync(&r, version);
	else if (api == API_OFFSET_COMMIT)
		on_commit(c, &r, version, number);
}

static void on_answer(struct connection *c, struct reader r)
{
	int32_t number = (int32_t)read_int(&r, 4);

	for (size_t i = 0; i < WAITING; i++) {
		if (c->waiting[i].used && c->waiting[i].number == number) {
			on_commit_answer(c, &r, i);
			return;
		}
	}
}

/* Appends what moved, and handles each frame that is whole. */
static void on_bytes(struct connection *c, const struct msghdr *m, size_t n, bool in)
{
	struct buf *b = in ? &c->in : &c->out;
	size_t at = 0;

	for (size_t i = 0; i < m->msg_iovlen && n > 0; i++) {
		size_t part = min_u64(n, m->msg_iov[i].iov_len);

		buf_add(b, m->msg_iov[i].iov_base, part);
		n -= part;
	}
	while (b->len - at >= 4) {
		struct reader r = { b->at + at, b->len - at, false };
		int64_t len = read_int(&r, 4);

		if (len < 0 || len > FRAME_MOST)
			wrong("a frame of %" PRId64 " bytes", len);
		if (len < 0 || (uint64_t)len > r.left)
			break;
		r.left = (size_t)len;
		if (now.topic[0] != '\0')
			(in ? on_request : on_answer)(c, r);
		at += 4 + (size_t)len;
	}
	memmove(b->at, b->at + at, b->len - at);
	b->len -= at;
}

static void forget(int fd)
{
	if (fd < 0 || fd >= DESCRIPTORS || now.of[fd] == NULL)
		return;
	buf_free(&now.of[fd]->in);
	buf_free(&now.of[fd]->out);
	free(now.of[fd]);
	now.of[fd] = NULL;
}

static void moved(int fd, const struct msghdr *m, ssize_t n, bool in)
{
	if (fd < 0 || fd >= DESCRIPTORS || n <= 0)
		return;
	pthread_mutex_lock(&now.lock);
	if (now.of[fd] != NULL)
		on_bytes(now.of[fd], m, (size_t)n, in);
	pthread_mutex_unlock(&now.lock);
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int accept(int fd, struct sockaddr *from, socklen_t *len)
{
	int got = REAL(accept)(fd, from, len);

	pthread_mutex_lock(&now.lock);
	forget(got);
	if (got >= 0 && got < DESCRIPTORS)
		now.of[got] = calloc(1, sizeof(struct connection));
	pthread_mutex_unlock(&now.lock);
	return got;
}

int close(int fd)
{
	pthread_mutex_lock(&now.lock);
	forget(fd);
	pthread_mutex_unlock(&now.lock);
	return REAL(close)(fd);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	static __typeof__(&recvmsg) real;
	ssize_t n;

	if (real == NULL)
		real = REAL(recvmsg);
	n = real(fd, m, flags);
	moved(fd, m, n, true);
	return n;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	static __typeof__(&sendmsg) real;
	ssize_t n;

	if (real == NULL)
		real = REAL(sendmsg);
	n = real(fd, m, flags);
	moved(fd, m, n, false);
	return n;
}

/* ---- asking ---- */

void group_log_begin(const char *topic, int partitions)
{
	pthread_mutex_lock(&now.lock);
	if (now.generations == NULL) {
		now.generations = calloc(GENERATIONS, sizeof(*now.generations));
		now.commits = calloc(COMMITS, sizeof(*now.commits));
	}
	if (now.generations == NULL || now.commits == NULL || partitions > GROUP_LOG_PARTITIONS)
		exit(99);
	snprintf(now.topic, sizeof(now.topic), "%s", topic);
	now.partitions = partitions;
	now.ngenerations = now.ncommits = 0;
	for (int p = 0; p < GROUP_LOG_PARTITIONS; p++)
		now.committed[p] = -1;
	now.counts = (struct group_log_counts){ 0 };
	now.wrong[0] = '\0';
	pthread_mutex_unlock(&now.lock);
}

struct group_log_counts group_log_counts(void)
{
	struct group_log_counts c;

	pthread_mutex_lock(&now.lock);
	c = now.counts;
	pthread_mutex_unlock(&now.lock);
	return c;
}

int64_t group_log_committed(int partition)
{
	int64_t offset;

	pthread_mutex_lock(&now.lock);
	offset = now.committed[partition];
	pthread_mutex_unlock(&now.lock);
	return offset;
}

uint64_t group_log_generations(int partition, int64_t offset, uint64_t since_us)
{
	uint64_t n = 0, covered_us = UINT64_MAX;

	pthread_mutex_lock(&now.lock);
	for (size_t i = 0; i < now.ncommits && covered_us == UINT64_MAX; i++)
		if (now.commits[i].partition == partition && now.commits[i].offset > offset)
			covered_us = now.commits[i].at_us;
	for (size_t i = 0; i < now.ngenerations; i++)
		n += now.generations[i].began_us >= since_us && now.generations[i].began_us <= covered_us;
	pthread_mutex_unlock(&now.lock);
	return n;
}

const char *group_log_wrong(void)
{
	return now.wrong;
}
