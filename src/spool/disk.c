/* SPDX-License-Identifier: Apache-2.0 */
/* disk.c — file calls that handle short counts and EINTR. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "disk.h"

int disk_write(int fd, const void *bytes, size_t len, uint64_t offset)
{
	struct iovec iov = { (void *)bytes, len };

	return disk_writev(fd, &iov, 1, offset);
}

/* Removes DONE bytes from the front of the vector. */
static void skip_written(struct iovec **iov, size_t *n, size_t done)
{
	while (*n > 0 && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*n)--;
	}
	if (*n > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

int disk_writev(int fd, struct iovec *iov, size_t n, uint64_t offset)
{
	skip_written(&iov, &n, 0);
	while (n > 0) {
		ssize_t done = pwritev(fd, iov, (int)min_u64(n, IOV_MAX), (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_from_errno(errno);
		if (done == 0)
			return E_IO;
		offset += (uint64_t)done;
		skip_written(&iov, &n, (size_t)done);
	}
	return 0;
}

ssize_t disk_read(int fd, void *bytes, size_t len, uint64_t offset)
{
	size_t have = 0;

	while (have < len) {
		ssize_t got = pread(fd, (char *)bytes + have, len - have, (off_t)(offset + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_from_errno(errno);
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int disk_readv(int fd, struct iovec *iov, int n, uint64_t offset)
{
	size_t left = (size_t)n;

	skip_written(&iov, &left, 0);
	while (left > 0) {
		ssize_t got = preadv(fd, iov, (int)left, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_from_errno(errno);
		if (got == 0)
			return E_CORRUPT;
		offset += (uint64_t)got;
		skip_written(&iov, &left, (size_t)got);
	}
	return 0;
}

int disk_sync(int fd)
{
	return fdatasync(fd) < 0 ? err_from_errno(errno) : 0;
}

static int sync_and_close(int fd)
{
	int rc = 0;

	if (fd < 0)
		return err_from_errno(errno);
	if (fsync(fd) < 0)
		rc = err_from_errno(errno);
	close(fd);
	return rc;
}

int disk_sync_dir(int at, const char *name)
{
	return sync_and_close(disk_open_dir(at, name));
}

/* For directories above the spool, where symbolic links are followed. */
static int sync_path(const char *path)
{
	return sync_and_close(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Syncs the parent of the directory PATH, so that its name survives a power cut. */
static int sync_parent(char *path)
{
	char *slash = strrchr(path, '/');
	int rc;

	if (slash == NULL)
		return sync_path(".");
	if (slash == path)
		return sync_path("/");
	*slash = '\0';
	rc = sync_path(path);
	*slash = '/';
	return rc;
}

static int make_one(char *path, struct why *why)
{
	int rc;

	if (mkdir(path, 0700) < 0) {
		if (errno == EEXIST)
			return 0;
		return why_set(why, err_from_errno(errno), "cannot make %s: %s", path, strerror(errno));
	}
	rc = sync_parent(path);
	return rc < 0 ? why_set(why, rc, "cannot sync the directory of %s", path) : 0;
}

int disk_make_dirs(const char *path, struct why *why)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return why_set(why, E_USAGE, "\"%.64s\" is not a directory name", path);
	memcpy(part, path, len + 1);
	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct stat st;
		int rc = 0;

		*slash = '\0';
		if (stat(part, &st) < 0)
			rc = make_one(part, why);
		*slash = '/';
		if (rc < 0)
			return rc;
	}
	return make_one(part, why);
}

void disk_sync_parents(const char *path)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return;
	memcpy(part, path, strlen(path) + 1);
	for (char *slash = strrchr(part, '/'); slash != NULL; slash = strrchr(part, '/')) {
		bool last = slash[1] == '\0'; /* a trailing slash adds no parent */

		*slash = '\0';
		if (!last && sync_path(slash == part ? "/" : part) < 0)
			return;
	}
	if (path[0] != '/' && sync_path(".") < 0)
		return;
}

int disk_make_dir(int at, const char *name, bool *made)
{
	struct stat st;

	*made = mkdirat(at, name, 0700) == 0;
	if (*made)
		return 0;
	if (errno != EEXIST)
		return err_from_errno(errno);
	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? E_LINK : 0;
}

int disk_remove_dir(int at, const char *name)
{
	int fd = disk_open_dir(at, name), rc = 0;
	struct dirent *e;
	DIR *d;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) /* NAME is a file or a symbolic link */
		return unlinkat(at, name, 0) < 0 ? err_from_errno(errno) : 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return E_NOMEM;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) < 0 && errno != ENOENT)
			rc = err_from_errno(errno);
	}
	closedir(d);
	if (rc == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = err_from_errno(errno);
	return rc;
}

int disk_reserve(int fd, uint64_t bytes)
{
	if (bytes == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : err_from_errno(errno);
}

void disk_trim(int fd)
{
	struct stat st;

	/* Truncating a file to its own size frees the blocks behind its end; on ext4 nothing else does. On
	 * failure the blocks stay allocated until the file is unlinked. */
	if (fstat(fd, &st) == 0 && ftruncate(fd, st.st_size) < 0)
		return;
}

uint64_t disk_allocated(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

int disk_space(int fd, struct disk_space *to)
{
	struct statvfs v;

	*to = (struct disk_space){ 0 };
	if (fstatvfs(fd, &v) < 0)
		return err_from_errno(errno);
	to->bytes = (uint64_t)v.f_bavail * v.f_frsize;
	to->all_bytes = (uint64_t)v.f_blocks * v.f_frsize;
	to->inodes = v.f_favail;
	to->all_inodes = v.f_files;
	return 0;
}

bool disk_space_over(const struct disk_space *d, uint64_t least)
{
	if (d->bytes <= least)
		return false;
	if (d->all_inodes == 0 || d->all_bytes == 0)
		return true;
	return d->inodes > (unsigned __int128)d->all_inodes * least / d->all_bytes;
}
