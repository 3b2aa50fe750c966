/* SPDX-License-Identifier: Apache-2.0 */
/* spool_fixture.c — what the flow does with a spool, without the flow. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "spool_fixture.h"

enum { READ_RECORDS = 64, READ_BYTES = 1 << 20 };

void spool_fixture_init(struct spool_fixture *k)
{
	memset(k, 0, sizeof(*k));
	tempdir_make(k->dir);
	k->size = 1000;
	k->opts = (struct spool_opts){
		.directory = k->dir,
		.host = "testhost",
		.segment_bytes = 2 << 20,
	};
}

int spool_fixture_open(struct spool_fixture *k)
{
	struct ledger *l = &k->state.ledger;
	int rc = spool_open(&k->s, &k->opts, &k->found, &k->why);

	if (rc < 0)
		return rc;
	k->state = k->found.state;
	k->state.generation++;
	k->state.boot = max_u64(k->state.boot + 1, clock_wall_ms() * 1000);
	k->state.running = true;
	l->boots++;
	l->unclean_stops += k->found.unclean;
	ledger_move(l, LEDGER_IN_FLIGHT, LEDGER_UNCERTAIN, l->place[LEDGER_IN_FLIGHT].spans,
	        l->place[LEDGER_IN_FLIGHT].batches);
	rc = spool_begin(k->s, &k->state, &k->why);
	if (rc < 0)
		spool_fixture_abandon(k);
	return rc;
}

void spool_fixture_must_open(struct spool_fixture *k)
{
	if (spool_fixture_open(k) == 0)
		return;
	printf("Bail out! %s does not open: %s\n", k->dir, k->why.text);
	exit(1);
}

void spool_fixture_close(struct spool_fixture *k)
{
	k->state.running = false;
	k->state.generation++;
	spool_close(k->s, &k->state);
	k->s = NULL;
}

void spool_fixture_abandon(struct spool_fixture *k)
{
	spool_close(k->s, NULL);
	k->s = NULL;
}

void spool_fixture_free(struct spool_fixture *k)
{
	if (k->s != NULL)
		spool_fixture_abandon(k);
	tempdir_remove(k->dir);
}

uint32_t spool_fixture_spans(uint64_t sequence)
{
	return 1 + (uint32_t)(sequence % 7);
}

uint64_t spool_fixture_spans_in(uint64_t first, uint64_t end)
{
	uint64_t spans = 0;

	for (uint64_t n = first; n < end; n++)
		spans += spool_fixture_spans(n);
	return spans;
}

static uint32_t size_of(const struct spool_fixture *k, uint64_t sequence)
{
	return (uint32_t)(k->size + (sequence % 7 == 3 ? 37 : 0));
}

static uint8_t byte_of(const struct spool_fixture *k, uint64_t sequence, uint32_t i)
{
	if (k->pattern_len > 0 && i >= sizeof(sequence))
		return k->pattern[(i - sizeof(sequence)) % k->pattern_len];
	return (uint8_t)(sequence * 31 + i * 7 + i / 251);
}

struct batch *spool_fixture_batch(struct spool_fixture *k, uint64_t sequence)
{
	struct batch *b = batch_new(size_of(k, sequence));

	if (b == NULL)
		abort();
	b->boot = k->state.boot;
	b->sequence = sequence;
	b->received_ms = 1000000 + sequence;
	b->spans = spool_fixture_spans(sequence);
	b->maybe_dup = sequence % 5 == 0;
	for (uint32_t i = 0; i < b->size; i++)
		b->bytes[i] = byte_of(k, sequence, i);
	return b;
}

bool spool_fixture_is(const struct spool_fixture *k, const struct batch *b)
{
	if (b->size != size_of(k, b->sequence) || b->spans != spool_fixture_spans(b->sequence) ||
	        b->received_ms != 1000000 + b->sequence || b->maybe_dup != (b->sequence % 5 == 0))
		return false;
	for (uint32_t i = 0; i < b->size; i++)
		if (b->bytes[i] != byte_of(k, b->sequence, i))
			return false;
	return true;
}

static void turn(struct spool_fixture *k)
{
	k->turn.state = k->state;
	k->turn.state.generation = ++k->state.generation;
	spool_cycle(k->s, &k->turn);
	k->state.end = k->turn.state.end;
	k->state.spans_put = k->turn.state.spans_put;
}

static void live(struct spool_fixture *k)
{
	k->state.generation++;
	if (k->live)
		spool_live(k->s, &k->state);
}

/* The batches are in flight, then in the spool when the turn says so, or dropped. */
size_t spool_fixture_put(struct spool_fixture *k, size_t n)
{
	struct ledger *l = &k->state.ledger;
	struct batch **put = calloc(n, sizeof(struct batch *));
	uint64_t all = 0, rest = 0;

	memset(&k->turn, 0, sizeof(k->turn));
	for (size_t i = 0; i < n; i++) {
		put[i] = spool_fixture_batch(k, ++k->sequence);
		ledger_datagram(l, LEDGER_ACCEPTED);
		ledger_enter(l, LEDGER_IN_FLIGHT, put[i]->spans, 1);
		all += put[i]->spans;
	}
	live(k);
	ledger_move(l, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, all, n);
	k->turn.put = put;
	k->turn.nput = n;
	turn(k);
	k->refuses = k->refuses || k->turn.stored < n;
	for (size_t i = 0; i < n; i++) {
		rest += i >= k->turn.stored ? put[i]->spans : 0;
		batch_unref(&put[i]);
	}
	ledger_drop(l, LEDGER_IN_SPOOL, LEDGER_DISK_ERROR, (struct ledger_count){ rest, n - k->turn.stored },
	        clock_wall_ms());
	live(k);
	free(put);
	return k->turn.stored;
}

/* Takes what came and what was reported; gives the position behind it all. */
static uint64_t take_over(struct spool_fixture *k, uint64_t at)
{
	struct ledger *l = &k->state.ledger;

	for (size_t i = 0; i < k->turn.ngot; i++) {
		struct batch *b = k->turn.got[i];

		if (b->position < at || !spool_fixture_is(k, b) || (b->position != b->sequence && !k->refuses))
			k->wrong++;
		at = b->position + 1;
		if (b->position < k->ntimes)
			k->times[b->position]++;
		k->read_records++;
		k->read_spans += b->spans;
		batch_unref(&k->turn.got[i]);
	}
	free(k->turn.got);
	for (size_t i = 0; i < k->turn.ndamage; i++) {
		const struct spool_damage *d = &k->turn.damage[i];

		k->lost.spans += d->lost.spans;
		k->lost.batches += d->lost.batches;
		if (k->lost_from == 0 || d->run.first < k->lost_from)
			k->lost_from = d->run.first;
		k->damages++;
		snprintf(k->what, sizeof(k->what), "%s", d->what);
		ledger_move(l, LEDGER_IN_SPOOL, LEDGER_QUARANTINED,
		        min_u64(d->lost.spans, l->place[LEDGER_IN_SPOOL].spans), d->lost.batches);
		at = max_u64(at, d->run.end);
	}
	return at;
}

uint64_t spool_fixture_read(struct spool_fixture *k, uint64_t first, uint64_t end)
{
	uint64_t before = k->read_records;

	for (uint64_t at = first; at < end;) {
		uint64_t next;

		memset(&k->turn, 0, sizeof(k->turn));
		k->turn.read[0] = (struct spool_run){ at, end };
		k->turn.nread = 1;
		k->turn.read_records = READ_RECORDS;
		k->turn.read_bytes = READ_BYTES;
		turn(k);
		next = take_over(k, at);
		if (next == at)
			break;
		at = next;
	}
	return k->read_records - before;
}

int spool_fixture_deliver(struct spool_fixture *k, uint64_t cursor)
{
	struct spool_run run = { k->state.cursor, cursor };
	struct ledger_count count;
	int rc = spool_count(k->s, &run, 1, &count);

	if (rc < 0)
		return rc;
	/* What was lost in between has been moved already. */
	count.spans = min_u64(count.spans, k->state.ledger.place[LEDGER_IN_SPOOL].spans);
	count.batches = min_u64(count.batches, k->state.ledger.place[LEDGER_IN_SPOOL].batches);
	ledger_move(&k->state.ledger, LEDGER_IN_SPOOL, LEDGER_DELIVERED, count.spans, count.batches);
	k->state.cursor = cursor;
	k->state.offered_to = max_u64(k->state.offered_to, cursor);
	return 0;
}

int spool_fixture_resolve(struct spool_fixture *k, uint64_t cursor)
{
	int rc = spool_fixture_deliver(k, cursor);

	return rc < 0 ? rc : spool_fixture_cycle(k);
}

int spool_fixture_cycle(struct spool_fixture *k)
{
	memset(&k->turn, 0, sizeof(k->turn));
	k->turn.write_state = true;
	turn(k);
	return k->turn.state_rc;
}

/* Calls for each name with PREFIX; counts them, and copies the path of number N. */
static unsigned names(const struct spool_fixture *k, const char *prefix, unsigned n, char *path)
{
	const char *slash = strchr(prefix, '/'), *rest = slash == NULL ? prefix : slash + 1;
	char dir[TEMPDIR_PATH + 32];
	struct dirent **list;
	unsigned found = 0;
	int all;

	snprintf(dir, sizeof(dir), "%s/%.*s", k->dir, slash == NULL ? 0 : (int)(slash - prefix), prefix);
	all = scandir(dir, &list, NULL, alphasort);
	for (int i = 0; i < all; i++) {
		if (strncmp(list[i]->d_name, rest, strlen(rest)) == 0 && list[i]->d_name[0] != '.') {
			if (found == n && path != NULL)
				snprintf(path, TEMPDIR_PATH + 64, "%s/%.28s", dir, list[i]->d_name);
			found++;
		}
		free(list[i]);
	}
	if (all >= 0)
		free(list);
	return found;
}

unsigned spool_fixture_names(const struct spool_fixture *k, const char *prefix)
{
	return names(k, prefix, 0, NULL);
}

const char *spool_fixture_path(
        const struct spool_fixture *k, const char *prefix, unsigned n, char to[TEMPDIR_PATH + 64])
{
	to[0] = '\0';
	names(k, prefix, n, to);
	return to;
}

int spool_fixture_data(const struct spool_fixture *k, unsigned segment)
{
	char path[TEMPDIR_PATH + 64], file[TEMPDIR_PATH + 80];
	int fd;

	snprintf(file, sizeof(file), "%s/data.mdb", spool_fixture_path(k, "seg-", segment, path));
	fd = open(file, O_RDWR);
	if (fd < 0) {
		perror(file);
		exit(1);
	}
	return fd;
}

void spool_fixture_flip(int fd, off_t at, uint8_t bits)
{
	uint8_t b;

	if (pread(fd, &b, 1, at) != 1)
		abort();
	b ^= bits;
	if (pwrite(fd, &b, 1, at) != 1)
		abort();
}

uint64_t spool_fixture_disk_bytes(const struct spool_fixture *k)
{
	char path[TEMPDIR_PATH + 64], file[TEMPDIR_PATH + 80];
	uint64_t bytes = 0;
	struct stat st;

	for (unsigned i = 0; *spool_fixture_path(k, "seg-", i, path) != '\0'; i++) {
		snprintf(file, sizeof(file), "%s/data.mdb", path);
		if (stat(file, &st) == 0)
			bytes += (uint64_t)st.st_blocks * 512;
	}
	return bytes;
}
