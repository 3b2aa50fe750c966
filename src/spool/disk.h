/* SPDX-License-Identifier: Apache-2.0 */
/* disk.h — the file calls of the spool; each completes or returns an error (private). */
#ifndef DISK_H
#define DISK_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

enum { DISK_NAME = 64 };

/* Opens the directory of a spool with the rights of the user who runs the program, also while owner_enter lasts.
 * PATH is the operator's, so it may contain symbolic links. A descriptor, or -1 with errno. */
int disk_open_spool(const char *path) MUST_USE;
/* Opens directory NAME in AT, a directory of the spool; -1 with errno, ELOOP: NAME is a symbolic link. */
int disk_open_dir(int at, const char *name) MUST_USE;
/* Opens file PATH below AT, made 0600 with O_CREAT; AT is the spool's directory or one in it. All files of the
 * spool are opened here. -1 with errno; a refused file is neither waited for nor changed: EMEDIUMTYPE: not a
 * regular file; ELOOP: it or a directory of PATH is a symbolic link; EMLINK: it has more than one name; EPERM: it
 * belongs neither to this user nor to the owner of AT. */
int disk_open(int at, const char *path, int flags) MUST_USE;
/* Sets WHY for error RC of PATH below AT: the sentence names the file and, when it was refused for its type,
 * links or owner, says what to do; otherwise it ends in OTHERWISE. Returns RC. */
int disk_explain(int at, const char *path, int rc, const char *otherwise, struct why *why);

/* Writes all LEN bytes at OFFSET. 0 or an error; after an error some bytes may have been written. */
int disk_write(int fd, const void *bytes, size_t len, uint64_t offset) MUST_USE;
/* Writes a vector, whose elements are changed by the call. */
int disk_writev(int fd, struct iovec *iov, size_t n, uint64_t offset) MUST_USE;
/* Reads LEN bytes at OFFSET, fewer only at the end of the file. Bytes read, or an error. */
ssize_t disk_read(int fd, void *bytes, size_t len, uint64_t offset) MUST_USE;
/* Fills a vector of at most two elements. 0; E_CORRUPT: the file ends before. */
int disk_readv(int fd, struct iovec *iov, int n, uint64_t offset) MUST_USE;

/* fdatasync. */
int disk_sync(int fd) MUST_USE;
/* fsync of directory NAME in AT, which is no symbolic link; "." is AT itself. */
int disk_sync_dir(int at, const char *name) MUST_USE;

/* Makes directory PATH and its missing parents, 0700, and syncs the parent of each. 0 when PATH exists. */
int disk_make_dirs(const char *path, struct why *why) MUST_USE;
/* Syncs all parents of PATH as far as permitted: a process that made them may have been killed before it synced
 * them. */
void disk_sync_parents(const char *path);
/* Makes directory NAME (0700) in AT, unsynced; *made: it did not exist. E_LINK: NAME is a symbolic link. */
int disk_make_dir(int at, const char *name, bool *made) MUST_USE;
/* Unlinks all files in directory NAME below AT, then the directory, unsynced. 0 when it does not exist. */
int disk_remove_dir(int at, const char *name) MUST_USE;

/* Preallocates blocks up to BYTES without changing the file's size. 0 where that is not supported. */
int disk_reserve(int fd, uint64_t bytes) MUST_USE;
/* Frees blocks that are preallocated behind the end of the file. */
void disk_trim(int fd);
/* Bytes in allocated blocks; 0 on an error. */
uint64_t disk_allocated(int fd);
/* Size of a file system, and what this user may still allocate. */
struct disk_space {
	uint64_t bytes, all_bytes;
	uint64_t inodes, all_inodes; /* both 0 where the file system does not count inodes */
};
/* 0, or an error with all fields 0. */
int disk_space(int fd, struct disk_space *to) MUST_USE;
/* True when more than LEAST bytes are free, and more than the same share of the inodes. */
bool disk_space_over(const struct disk_space *d, uint64_t least);

#endif
