/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c — the calls that a disk can refuse, with a counter before each. */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault.h"

enum { REMEMBERED = 64, LMDB_PAGE = 4096, LMDB_TXNID = 144 };

static struct fault_plan plan;
static _Atomic bool armed;
static _Atomic uint64_t seen;

/* Files of which a sync was refused, by inode; overwritten in a ring. */
static _Atomic uint64_t refused[REMEMBERED];
static _Atomic unsigned nrefused;
static _Atomic bool state_refused;
static _Atomic uint64_t distrusted, hasty;

void fault_arm(const struct fault_plan *p)
{
	plan = *p;
	atomic_store(&seen, 0);
	atomic_store(&armed, true);
}

uint64_t fault_disarm(void)
{
	atomic_store(&armed, false);
	return atomic_load(&seen);
}

bool fault_begun(void)
{
	return plan.at > 0 && atomic_load(&seen) >= plan.at;
}

struct fault_sins fault_sins(void)
{
	return (struct fault_sins){ atomic_load(&distrusted), atomic_load(&hasty) };
}

static bool leads_to(int fd, const char *text)
{
	char link[64], path[4096];
	ssize_t n;

	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return strstr(path, text) != NULL;
}

static bool path_matches(enum fault_call call, int fd, const char *name)
{
	int through;

	if (plan.path == NULL || call >= FAULT_SEND)
		return true;
	if (name != NULL && sscanf(name, "/proc/self/fd/%d", &through) == 1)
		fd = through; /* as the spool hands LMDB the directory of a segment */
	return (name != NULL && strstr(name, plan.path) != NULL) || leads_to(fd, plan.path);
}

void fault_die(void)
{
	kill(getpid(), SIGKILL);
}

enum fault_verdict fault_judge(enum fault_call call, int fd, const char *name)
{
	uint64_t n;

	if (!atomic_load(&armed) || (plan.calls & call) == 0 || !path_matches(call, fd, name))
		return FAULT_GO;
	n = atomic_fetch_add(&seen, 1) + 1;
	if (plan.at == 0 || n < plan.at || (plan.count > 0 && n >= plan.at + plan.count))
		return FAULT_GO;
	if (plan.kill && plan.half && (call == FAULT_PWRITE || call == FAULT_NOTE))
		return FAULT_HALF_AND_DIE;
	if (plan.kill && plan.after)
		return FAULT_DIE_AFTER;
	if (plan.kill)
		fault_die();
	if (plan.shortened)
		return call == FAULT_PWRITE ? FAULT_SHORTEN : FAULT_GO;
	errno = plan.err;
	return FAULT_FAIL;
}

#define REAL(name)                                                                                                     \
	static __typeof__(name) *real;                                                                                 \
	if (real == NULL)                                                                                              \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A call that is done whole or not at all. */
#define CALL(call, fd, name, real_call)                                                                                \
	do {                                                                                                           \
		enum fault_verdict verdict = fault_judge(call, fd, name);                                              \
		__typeof__(real_call) rc;                                                                              \
                                                                                                                       \
		if (verdict == FAULT_FAIL)                                                                             \
			return (__typeof__(real_call))-1;                                                              \
		rc = real_call;                                                                                        \
		if (verdict == FAULT_DIE_AFTER || verdict == FAULT_HALF_AND_DIE)                                       \
			fault_die();                                                                                   \
		return rc;                                                                                             \
	} while (0)

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void look_at_write(int fd)
{
	unsigned n = atomic_load(&nrefused);
	uint64_t inode;

	if (n == 0)
		return;
	inode = inode_of(fd);
	for (unsigned i = 0; i < n && i < REMEMBERED; i++)
		if (inode != 0 && refused[i] == inode)
			atomic_fetch_add(&distrusted, 1);
}

/* What of LEN a write is to do by the verdict; the rest of the wrapper is the same for all four. */
static enum fault_verdict before_write(int fd)
{
	enum fault_verdict verdict;

	if (fd <= 2)
		return FAULT_GO;
	verdict = fault_judge(FAULT_PWRITE, fd, NULL);
	if (verdict != FAULT_FAIL)
		look_at_write(fd);
	return verdict;
}

static ssize_t after_write(enum fault_verdict verdict, ssize_t done)
{
	if (verdict == FAULT_HALF_AND_DIE || verdict == FAULT_DIE_AFTER)
		fault_die();
	return done;
}

static bool is_half(enum fault_verdict verdict)
{
	return verdict == FAULT_HALF_AND_DIE || verdict == FAULT_SHORTEN;
}

static size_t part(enum fault_verdict verdict, size_t len)
{
	return is_half(verdict) ? (len + 1) / 2 : len;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	enum fault_verdict v = before_write(fd);

	REAL(pwrite);
	return v == FAULT_FAIL ? -1 : after_write(v, real(fd, bytes, part(v, len), offset));
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	enum fault_verdict v = before_write(fd);

	REAL(write);
	return v == FAULT_FAIL ? -1 : after_write(v, real(fd, bytes, part(v, len)));
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	enum fault_verdict v = before_write(fd);

	REAL(pwritev);
	if (v == FAULT_FAIL)
		return -1;
	if (is_half(v) && n == 1)
		return after_write(v, pwrite(fd, iov->iov_base, part(v, iov->iov_len), offset));
	return after_write(v, real(fd, iov, (int)part(v, (size_t)n), offset));
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	enum fault_verdict v = before_write(fd);

	REAL(writev);
	return v == FAULT_FAIL ? -1 : after_write(v, real(fd, iov, (int)part(v, (size_t)n)));
}

/* Remembers what a sync came to. */
static void look_at_sync(int fd, bool good)
{
	if (leads_to(fd, "/state"))
		atomic_store(&state_refused, !good);
	else if (!good && leads_to(fd, "/data.mdb"))
		refused[atomic_fetch_add(&nrefused, 1) % REMEMBERED] = inode_of(fd);
}

static enum fault_verdict before_sync(int fd)
{
	enum fault_verdict verdict = fault_judge(FAULT_SYNC, fd, NULL);
	int err = errno;

	if (atomic_load(&armed) || atomic_load(&state_refused))
		look_at_sync(fd, verdict != FAULT_FAIL);
	errno = err;
	return verdict;
}

int fsync(int fd)
{
	enum fault_verdict v = before_sync(fd);

	REAL(fsync);
	return v == FAULT_FAIL ? -1 : (int)after_write(v, real(fd));
}

int fdatasync(int fd)
{
	enum fault_verdict v = before_sync(fd);

	REAL(fdatasync);
	return v == FAULT_FAIL ? -1 : (int)after_write(v, real(fd));
}

int msync(void *at, size_t len, int flags)
{
	REAL(msync);
	CALL(FAULT_SYNC, -1, NULL, real(at, len, flags));
}

int ftruncate(int fd, off_t len)
{
	REAL(ftruncate);
	CALL(FAULT_TRUNCATE, fd, NULL, real(fd, len));
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	REAL(fallocate);
	CALL(FAULT_ALLOCATE, fd, NULL, real(fd, mode, offset, len));
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	CALL(FAULT_MKDIR, -1, path, real(path, mode));
}

int mkdirat(int at, const char *path, mode_t mode)
{
	REAL(mkdirat);
	CALL(FAULT_MKDIR, at, path, real(at, path, mode));
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	CALL(FAULT_RENAME, -1, from, real(from, to));
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	REAL(renameat);
	CALL(FAULT_RENAME, from_at, from, real(from_at, from, to_at, to));
}

int unlink(const char *path)
{
	REAL(unlink);
	CALL(FAULT_UNLINK, -1, path, real(path));
}

/* Its number may be given to another file now. */
static void forget(int at, const char *path)
{
	struct stat st;

	if (atomic_load(&nrefused) == 0 || fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	for (unsigned i = 0; i < REMEMBERED; i++)
		if (refused[i] == st.st_ino)
			refused[i] = 0;
}

/* Whether a transaction was ever committed to this LMDB file: its number stands in two pages. */
static bool holds_records(int at, const char *path)
{
	uint64_t txnid[2] = { 0 };
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < 2; i++)
		if (pread(fd, &txnid[i], sizeof(txnid[i]), i * LMDB_PAGE + LMDB_TXNID) < 0)
			txnid[i] = 0;
	if (fd >= 0)
		close(fd);
	return txnid[0] > 0 || txnid[1] > 0;
}

/* A segment with records goes only once the state says on disk that they are delivered. */
static void look_at_unlink(int at, const char *path)
{
	bool was_armed;

	if (!atomic_load(&state_refused) || strcmp(path, "data.mdb") != 0 || !leads_to(at, "/seg-"))
		return;
	was_armed = atomic_exchange(&armed, false); /* these calls are not the program's */
	if (holds_records(at, path))
		atomic_fetch_add(&hasty, 1);
	atomic_store(&armed, was_armed);
}

int unlinkat(int at, const char *path, int flags)
{
	REAL(unlinkat);
	look_at_unlink(at, path);
	forget(at, path);
	CALL(FAULT_UNLINK, at, path, real(at, path, flags));
}

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	REAL(open);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	CALL(FAULT_OPEN, -1, path, real(path, flags, mode));
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	REAL(openat);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	CALL(FAULT_OPEN, at, path, real(at, path, flags, mode));
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	REAL(pread);
	CALL(FAULT_PREAD, fd, NULL, real(fd, bytes, len, offset));
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
	REAL(preadv);
	CALL(FAULT_PREAD, fd, NULL, real(fd, iov, n, offset));
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(mmap);
	if (fd < 0)
		return real(at, len, protection, flags, fd, offset);
	CALL(FAULT_MAP, fd, NULL, real(at, len, protection, flags, fd, offset));
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);
	CALL(FAULT_SEND, fd, NULL, real(fd, m, flags));
}
