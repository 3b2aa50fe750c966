/* SPDX-License-Identifier: Apache-2.0 */
/* disklog_cut.c — a directory as a power cut leaves it: what was synced is there, of the rest each
 * operation may have reached the disk or not, and a write in part. */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "campaign.h"
#include "disklog.h"

enum { NAMES = 1024 };

struct file {
	uint8_t *bytes;
	uint64_t len, room;
};

struct cutting {
	const struct disklog *l;
	size_t at;
	enum disklog_cut how;
	uint64_t *seed;
	size_t doubtful;   /* so far */
	size_t spared;     /* the one that is lost, of CUT_ALL_BUT_ONE */
	size_t names_upto; /* of a disk with a journal: names are lost from here on; SIZE_MAX: no order */
	size_t synced_at[DISKLOG_INODES]; /* one behind its last sync */
	struct file file[DISKLOG_INODES];
	struct {
		uint16_t in, inode;
		const char *name; /* NULL: gone */
	} name[NAMES];
	size_t names;
};

static bool is_name(enum disklog_kind kind)
{
	return kind == DISKLOG_MAKE || kind == DISKLOG_MOVE || kind == DISKLOG_REMOVE;
}

/* The operation at c->at was under way. */
static bool is_durable(const struct cutting *c, size_t i)
{
	const struct disklog_op *op = &c->l->op[i];

	if (i == c->at)
		return false;
	if (!is_name(op->kind))
		return op->synced || c->synced_at[op->inode] > i;
	return c->synced_at[op->in] > i && (op->kind != DISKLOG_MOVE || c->synced_at[op->to] > i);
}

static bool reaches_disk(struct cutting *c, size_t i)
{
	bool name = is_name(c->l->op[i].kind);
	size_t number = c->doubtful++;

	switch (c->how) {
	case CUT_NOTHING:
		return false;
	case CUT_ALL:
		return true;
	case CUT_ALL_BUT_ONE:
		return number != c->spared;
	default:
		return name && c->names_upto != SIZE_MAX ? i < c->names_upto : campaign_roll(c->seed, 2) == 0;
	}
}

static void grow(struct file *f, uint64_t len)
{
	if (len > f->room) {
		f->room = max_u64(len, f->room * 2);
		f->bytes = realloc(f->bytes, f->room);
		if (f->bytes == NULL)
			exit(99);
	}
	if (len > f->len)
		memset(f->bytes + f->len, 0, len - f->len);
	f->len = max_u64(f->len, len);
}

static void put_bytes(struct file *f, const uint8_t *bytes, uint64_t len, uint64_t offset)
{
	grow(f, offset + len);
	memcpy(f->bytes + offset, bytes, len);
}

/* Some of its sectors, which are of 512 or of 4096 bytes. */
static void put_torn(struct cutting *c, const struct disklog_op *op)
{
	uint64_t sector = campaign_roll(c->seed, 2) == 0 ? 512 : 4096, end = op->offset + op->len;

	for (uint64_t at = op->offset, next; at < end; at = next) {
		next = min_u64((at / sector + 1) * sector, end);
		if (campaign_roll(c->seed, 2) == 0)
			put_bytes(&c->file[op->inode], c->l->data + op->bytes + (at - op->offset), next - at, at);
	}
}

static void change_file(struct cutting *c, const struct disklog_op *op, bool torn)
{
	struct file *f = &c->file[op->inode];

	if (op->kind == DISKLOG_SIZE) {
		grow(f, op->offset);
		f->len = op->offset;
	} else if (torn) {
		put_torn(c, op);
	} else {
		put_bytes(f, c->l->data + op->bytes, op->len, op->offset);
	}
}

static void drop_name(struct cutting *c, uint16_t in, const char *name)
{
	for (size_t i = 0; i < c->names; i++)
		if (c->name[i].name != NULL && c->name[i].in == in && strcmp(c->name[i].name, name) == 0)
			c->name[i].name = NULL;
}

static void add_name(struct cutting *c, uint16_t in, const char *name, uint16_t inode)
{
	drop_name(c, in, name);
	if (c->names == NAMES)
		exit(99);
	c->name[c->names].in = in;
	c->name[c->names].inode = inode;
	c->name[c->names++].name = name;
}

static void change_name(struct cutting *c, const struct disklog_op *op)
{
	if (op->kind != DISKLOG_MAKE)
		drop_name(c, op->in, op->name);
	if (op->kind == DISKLOG_MAKE)
		add_name(c, op->in, op->name, op->inode);
	if (op->kind == DISKLOG_MOVE)
		add_name(c, op->to, op->new_name, op->inode);
}

static void write_out(const struct cutting *c, uint16_t in, int at)
{
	for (size_t i = 0; i < c->names; i++) {
		const struct file *f = &c->file[c->name[i].inode];
		bool is_dir = c->l->inode[c->name[i].inode].is_dir;
		int fd;

		if (c->name[i].name == NULL || c->name[i].in != in)
			continue;
		if (is_dir && mkdirat(at, c->name[i].name, 0700) < 0)
			exit(99);
		fd = openat(at, c->name[i].name, is_dir ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			exit(99);
		if (is_dir)
			write_out(c, c->name[i].inode, fd);
		else if (f->len > 0 && pwrite(fd, f->bytes, f->len, 0) != (ssize_t)f->len)
			exit(99);
		close(fd);
	}
}

/* How many are not known to be on disk. */
static size_t count_doubtful(struct cutting *c, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < c->at; i++)
		if (c->l->op[i].kind == DISKLOG_SYNC)
			c->synced_at[c->l->op[i].inode] = i + 1;
	for (size_t i = 0; i < end; i++)
		n += c->l->op[i].kind != DISKLOG_SYNC && !is_durable(c, i);
	return n;
}

size_t disklog_cut(const struct disklog *l, size_t at, enum disklog_cut how, uint64_t *seed, const char *directory)
{
	struct cutting *c = calloc(1, sizeof(*c));
	size_t end = min_u64(at + 1, l->n), doubtful;
	int root = open(directory, O_RDONLY | O_DIRECTORY);

	if (c == NULL || root < 0)
		exit(99);
	*c = (struct cutting){ .l = l, .at = at, .how = how, .seed = seed };
	doubtful = count_doubtful(c, end);
	c->spared = doubtful == 0 ? 0 : campaign_roll(seed, doubtful);
	c->names_upto = campaign_roll(seed, 2) == 0 ? SIZE_MAX : at - campaign_roll(seed, min_u64(at, 40) + 1);
	for (size_t i = 0; i < end; i++) {
		const struct disklog_op *op = &l->op[i];
		bool durable = op->kind != DISKLOG_SYNC && is_durable(c, i);
		bool some = how != CUT_NOTHING && how != CUT_ALL;

		if (op->kind == DISKLOG_SYNC || (!durable && !reaches_disk(c, i)))
			continue;
		if (is_name(op->kind))
			change_name(c, op);
		else
			change_file(c, op, !durable && some && campaign_roll(seed, 3) == 0);
	}
	write_out(c, 0, root);
	close(root);
	for (size_t i = 0; i < DISKLOG_INODES; i++)
		free(c->file[i].bytes);
	free(c);
	return doubtful;
}
