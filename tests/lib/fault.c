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
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault.h"

static struct fault_plan plan;
static _Atomic bool armed;
static _Atomic uint64_t seen;

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

static bool path_matches(int fd, const char *name)
{
	char link[64], path[4096];
	ssize_t n;

	if (plan.path == NULL)
		return true;
	if (name != NULL && strstr(name, plan.path) != NULL)
		return true;
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return strstr(path, plan.path) != NULL;
}

/* True when this call is to fail; errno is set. *half: the process dies in the middle of it. */
static bool hit(enum fault_call call, int fd, const char *name, bool *half)
{
	uint64_t n;

	*half = false;
	if (!atomic_load(&armed) || (plan.calls & call) == 0 || !path_matches(fd, name))
		return false;
	n = atomic_fetch_add(&seen, 1) + 1;
	if (plan.at == 0 || n < plan.at || (plan.count > 0 && n >= plan.at + plan.count))
		return false;
	if (plan.kill && plan.half && call == FAULT_PWRITE) {
		*half = true;
		return false;
	}
	if (plan.kill)
		kill(getpid(), SIGKILL);
	errno = plan.err;
	return true;
}

#define REAL(name)                                                                                 \
	static __typeof__(name) *real;                                                             \
	bool half;                                                                                 \
	if (real == NULL)                                                                          \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static ssize_t die_after(ssize_t done)
{
	kill(getpid(), SIGKILL);
	return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	REAL(pwrite);
	if (hit(FAULT_PWRITE, fd, NULL, &half))
		return -1;
	return half ? die_after(real(fd, bytes, len / 2, offset)) : real(fd, bytes, len, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	REAL(write);
	if (fd > 2 && hit(FAULT_PWRITE, fd, NULL, &half))
		return -1;
	return fd > 2 && half ? die_after(real(fd, bytes, len / 2)) : real(fd, bytes, len);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	REAL(pwritev);
	if (hit(FAULT_PWRITE, fd, NULL, &half))
		return -1;
	return half ? die_after(real(fd, iov, (n + 1) / 2, offset)) : real(fd, iov, n, offset);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	REAL(writev);
	if (hit(FAULT_PWRITE, fd, NULL, &half))
		return -1;
	return half ? die_after(real(fd, iov, (n + 1) / 2)) : real(fd, iov, n);
}

int fsync(int fd)
{
	REAL(fsync);
	return hit(FAULT_SYNC, fd, NULL, &half) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return hit(FAULT_SYNC, fd, NULL, &half) ? -1 : real(fd);
}

int ftruncate(int fd, off_t len)
{
	REAL(ftruncate);
	return hit(FAULT_TRUNCATE, fd, NULL, &half) ? -1 : real(fd, len);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	REAL(fallocate);
	return hit(FAULT_ALLOCATE, fd, NULL, &half) ? -1 : real(fd, mode, offset, len);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	return hit(FAULT_MKDIR, -1, path, &half) ? -1 : real(path, mode);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	REAL(mkdirat);
	return hit(FAULT_MKDIR, at, path, &half) ? -1 : real(at, path, mode);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	REAL(renameat);
	return hit(FAULT_RENAME, from_at, from, &half) ? -1 : real(from_at, from, to_at, to);
}

int unlinkat(int at, const char *path, int flags)
{
	REAL(unlinkat);
	return hit(FAULT_UNLINK, at, path, &half) ? -1 : real(at, path, flags);
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
	return hit(FAULT_OPEN, -1, path, &half) ? -1 : real(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	REAL(openat);
	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return hit(FAULT_OPEN, at, path, &half) ? -1 : real(at, path, flags, mode);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	REAL(pread);
	return hit(FAULT_PREAD, fd, NULL, &half) ? -1 : real(fd, bytes, len, offset);
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
	REAL(preadv);
	return hit(FAULT_PREAD, fd, NULL, &half) ? -1 : real(fd, iov, n, offset);
}
