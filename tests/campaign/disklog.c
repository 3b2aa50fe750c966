/* SPDX-License-Identifier: Apache-2.0 */
/* disklog.c — the calls that change files, logged as they are made. */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "disklog.h"

enum { DATA_BYTES = 96 << 20, MAPPED_BYTES = 8192, PAGE = 4096, NONE = DISKLOG_INODES };

static struct {
	struct disklog *log;
	const struct spool_fixture_told *told;
	uint16_t state;             /* the file with the maps; NONE */
	uint8_t seen[MAPPED_BYTES]; /* what was in them last */
	const uint8_t *map;
} now = { .state = NONE };

/* FROM's calls below this layer. */
#define REAL(name)                                                                                                     \
	static __typeof__(name) *real;                                                                                 \
	if (real == NULL)                                                                                              \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

struct disklog *disklog_new(void)
{
	void *at = mmap(NULL, sizeof(struct disklog) + DATA_BYTES, PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		exit(99);
	return at;
}

/* What the number INO is called in the log; NONE: nothing of ours. */
static uint16_t known(uint64_t ino)
{
	for (size_t i = now.log->inodes; i-- > 0;)
		if (now.log->inode[i].ino == ino)
			return now.log->inode[i].gone ? NONE : (uint16_t)i;
	return NONE;
}

static uint16_t of_fd(int fd)
{
	struct stat st;

	return now.log == NULL || fstat(fd, &st) < 0 ? NONE : known(st.st_ino);
}

static uint16_t add_inode(uint64_t ino, bool is_dir)
{
	struct disklog *l = now.log;

	if (l->inodes == DISKLOG_INODES) {
		l->overrun = true;
		return NONE;
	}
	l->inode[l->inodes].ino = ino;
	l->inode[l->inodes].is_dir = is_dir;
	return (uint16_t)l->inodes++;
}

static struct disklog_op *append(enum disklog_kind kind, uint16_t inode)
{
	struct disklog *l = now.log;
	struct disklog_op *op = &l->op[l->n];

	if (l->n + 1 == DISKLOG_OPS) {
		l->overrun = true;
		return op;
	}
	*op = (struct disklog_op){ .kind = kind, .inode = inode, .told = *now.told };
	l->n++;
	return op;
}

static void log_write(uint16_t inode, const void *bytes, size_t len, uint64_t offset, bool synced)
{
	struct disklog_op *op = append(DISKLOG_WRITE, inode);

	if (now.log->used + len > DATA_BYTES) {
		now.log->overrun = true;
		return;
	}
	op->synced = synced;
	op->offset = offset;
	op->len = len;
	op->bytes = now.log->used;
	memcpy(now.log->data + op->bytes, bytes, len);
	now.log->used += len;
}

/* A page that differs is a write that nobody has synced. */
void disklog_look_at_maps(void)
{
	if (now.log == NULL)
		return;
	/* Here what is on disk and what is in the log are the same. */
	if (now.log->stop_at != 0 && now.log->n >= now.log->stop_at)
		_exit(0);
	if (now.map == NULL)
		return;
	for (size_t at = 0; at < MAPPED_BYTES; at += PAGE) {
		if (memcmp(now.seen + at, now.map + at, PAGE) == 0)
			continue;
		memcpy(now.seen + at, now.map + at, PAGE);
		log_write(now.state, now.seen + at, PAGE, at, false);
	}
}

void disklog_start(struct disklog *l, const char *directory, const struct spool_fixture_told *told)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		exit(99);
	now.log = l;
	now.told = told;
	now.state = NONE;
	now.map = NULL;
	if (l->inodes == 0)
		add_inode(st.st_ino, true);
}

void disklog_stop(void)
{
	disklog_look_at_maps();
	now.log = NULL;
}

/* The directory that PATH names something in, and that name. */
static uint16_t parent_of(int at, const char *path, char name[DISKLOG_NAME])
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	struct stat st;

	if (now.log == NULL)
		return NONE;
	snprintf(name, DISKLOG_NAME, "%s", slash == NULL ? path : slash + 1);
	snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int)(slash - path), slash == NULL ? "." : path);
	return fstatat(at, dir[0] == '\0' ? "/" : dir, &st, 0) < 0 ? NONE : known(st.st_ino);
}

static uint16_t named(int at, const char *path)
{
	struct stat st;

	return now.log == NULL || fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? NONE : known(st.st_ino);
}

static void log_name(enum disklog_kind kind, uint16_t inode, uint16_t in, const char *name)
{
	struct disklog_op *op = append(kind, inode);

	op->in = in;
	memcpy(op->name, name, DISKLOG_NAME);
}

/* The call has been made: it is logged before it only where it would destroy what is asked. */
static void made(int at, const char *path, bool is_dir)
{
	char name[DISKLOG_NAME];
	uint16_t in = parent_of(at, path, name), inode;
	struct stat st;

	if (in == NONE || fstatat(at, path, &st, 0) < 0)
		return;
	inode = add_inode(st.st_ino, is_dir);
	if (inode != NONE)
		log_name(DISKLOG_MAKE, inode, in, name);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	uint16_t inode = of_fd(fd);

	REAL(pwrite);
	disklog_look_at_maps();
	if (inode != NONE)
		log_write(inode, bytes, len, (uint64_t)offset, (fcntl(fd, F_GETFL) & O_DSYNC) != 0);
	return real(fd, bytes, len, offset);
}

static void log_vector(int fd, const struct iovec *iov, int n, off_t offset)
{
	uint16_t inode = of_fd(fd);
	bool synced = inode != NONE && (fcntl(fd, F_GETFL) & O_DSYNC) != 0;

	disklog_look_at_maps();
	for (int i = 0; inode != NONE && i < n; i++) {
		log_write(inode, iov[i].iov_base, iov[i].iov_len, (uint64_t)offset, synced);
		offset += (off_t)iov[i].iov_len;
	}
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	REAL(pwritev);
	log_vector(fd, iov, n, offset);
	return real(fd, iov, n, offset);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	REAL(writev);
	log_vector(fd, iov, n, lseek(fd, 0, SEEK_CUR));
	return real(fd, iov, n);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	struct iovec iov = { (void *)bytes, len };

	REAL(write);
	if (fd > 2)
		log_vector(fd, &iov, 1, lseek(fd, 0, SEEK_CUR));
	return real(fd, bytes, len);
}

/* Logged when it is over: until then nothing of it is promised. */
static int synced(int fd, int rc)
{
	uint16_t inode = of_fd(fd);

	if (rc == 0 && inode != NONE)
		append(DISKLOG_SYNC, inode);
	return rc;
}

int fsync(int fd)
{
	REAL(fsync);
	disklog_look_at_maps();
	return synced(fd, real(fd));
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	disklog_look_at_maps();
	return synced(fd, real(fd));
}

int ftruncate(int fd, off_t len)
{
	uint16_t inode = of_fd(fd);

	REAL(ftruncate);
	disklog_look_at_maps();
	if (inode != NONE)
		append(DISKLOG_SIZE, inode)->offset = (uint64_t)len;
	return real(fd, len);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	int rc;

	REAL(mkdirat);
	disklog_look_at_maps();
	rc = real(at, path, mode);
	if (rc == 0)
		made(at, path, true);
	return rc;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	char name[DISKLOG_NAME], new_name[DISKLOG_NAME];
	uint16_t in = parent_of(from_at, from, name), into = parent_of(to_at, to, new_name);
	uint16_t inode = named(from_at, from);
	int rc;

	REAL(renameat);
	disklog_look_at_maps();
	rc = real(from_at, from, to_at, to);
	if (rc == 0 && inode != NONE && in != NONE && into != NONE) {
		struct disklog_op *op = append(DISKLOG_MOVE, inode);

		op->in = in;
		op->to = into;
		memcpy(op->name, name, sizeof(name));
		memcpy(op->new_name, new_name, sizeof(new_name));
	}
	return rc;
}

int unlinkat(int at, const char *path, int flags)
{
	char name[DISKLOG_NAME];
	uint16_t in = parent_of(at, path, name), inode = named(at, path);
	int rc;

	REAL(unlinkat);
	disklog_look_at_maps();
	rc = real(at, path, flags);
	if (rc == 0 && inode != NONE && in != NONE) {
		log_name(DISKLOG_REMOVE, inode, in, name);
		now.log->inode[inode].gone = true;
	}
	return rc;
}

/* Notes a file that was not there, and the one that will be mapped. */
static void opened(int fd, int at, const char *path, bool was_there)
{
	size_t len = strlen(path);

	if (now.log == NULL || fd < 0)
		return;
	if (!was_there)
		made(at, path, false);
	if (len < 5 || strcmp(path + len - 5, "state") != 0 || of_fd(fd) == NONE)
		return;
	if (now.map != NULL)
		munmap((void *)now.map, MAPPED_BYTES);
	now.state = of_fd(fd);
	now.map = NULL;
	memset(now.seen, 0, sizeof(now.seen));
}

static int open_one(int at, const char *path, int flags, mode_t mode)
{
	static __typeof__(openat) *real;
	struct stat st;
	bool was_there = now.log == NULL || fstatat(at, path, &st, 0) == 0;
	int fd;

	if (real == NULL)
		real = (__typeof__(openat) *)dlsym(RTLD_NEXT, "openat");
	if ((flags & O_CREAT) != 0)
		disklog_look_at_maps();
	fd = real(at, path, flags, mode);
	if ((flags & O_CREAT) != 0)
		opened(fd, at, path, was_there);
	if (fd >= 0 && was_there && (flags & O_TRUNC) != 0 && of_fd(fd) != NONE)
		append(DISKLOG_SIZE, of_fd(fd));
	return fd;
}

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_one(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_one(at, path, flags, mode);
}

/* The spool maps its live slots; a second view of them shows what is written there. */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *at;

	REAL(mmap);
	at = real(addr, len, prot, flags, fd, offset);
	if (at == MAP_FAILED || now.log == NULL || len != MAPPED_BYTES || (flags & MAP_SHARED) == 0 || fd < 0 ||
	        of_fd(fd) != now.state)
		return at;
	now.map = real(NULL, len, PROT_READ, MAP_SHARED, fd, offset);
	if (now.map == MAP_FAILED)
		exit(99);
	memcpy(now.seen, now.map, MAPPED_BYTES);
	return at;
}
