/* SPDX-License-Identifier: Apache-2.0 */
/* disk.h — the few file calls of the spool, each whole or an error (private). */
#ifndef DISK_H
#define DISK_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

enum { DISK_NAME = 64 };

/* Opens the directory of a spool, with the rights of whoever runs the program. The path is the operator's, so
 * it may lead through symbolic links. A descriptor, or -1 with errno. */
int disk_open_spool(const char *path) MUST_USE;
/* Opens directory NAME in AT, a directory of the spool; -1 with errno, ELOOP: it is a symbolic link. */
int disk_open_dir(int at, const char *name) MUST_USE;
/* Opens file PATH below AT, made 0600 with O_CREAT; AT is the spool or a directory in it. Nothing else opens
 * a file of the spool. -1 with errno; what is refused is neither waited for nor changed:
 * EMEDIUMTYPE: no regular file; ELOOP: it, or a directory on the way, is a symbolic link; EMLINK: it has more
 * than one name; EPERM: it belongs neither to us nor to the owner of AT. */
int disk_open(int at, const char *path, int flags) MUST_USE;
/* The sentence for error RC of PATH below AT: names the file, and says what to do where it is refused for
 * what it is or whose it is; else it ends in OTHERWISE. Gives RC. */
int disk_blame(int at, const char *path, int rc, const char *otherwise, struct why *why);

/* All of LEN bytes at OFFSET. 0 or an error; what was written of a failed call is unknown. */
int disk_write(int fd, const void *bytes, size_t len, uint64_t offset) MUST_USE;
/* The same for a vector, which is used up on the way. */
int disk_writev(int fd, struct iovec *iov, size_t n, uint64_t offset) MUST_USE;
/* Up to LEN bytes at OFFSET; fewer at the end of the file only. Bytes read, or an error. */
ssize_t disk_read(int fd, void *bytes, size_t len, uint64_t offset) MUST_USE;
/* 0 when the vector was filled; E_CORRUPT when the file ends before. At most two pieces. */
int disk_readv(int fd, struct iovec *iov, int n, uint64_t offset) MUST_USE;

/* Data, and what is needed to find it again. */
int disk_sync(int fd) MUST_USE;
/* The names in directory NAME of AT, no symbolic link. "." is AT itself. */
int disk_sync_dir(int at, const char *name) MUST_USE;

/* Makes PATH and what is missing above it, 0700, and syncs each parent. Fine when it is there. */
int disk_make_dirs(const char *path, struct why *why) MUST_USE;
/* Syncs all parents of PATH as far as that is allowed: of directories that somebody made who may not
 * have come to it. */
void disk_sync_parents(const char *path);
/* Makes directory NAME (0700) in AT; *made says whether it was not there. E_LINK: a symbolic link is. Not
 * synced. */
int disk_make_dir(int at, const char *name, bool *made) MUST_USE;
/* Unlinks all files in directory NAME below AT and the directory. Fine when it is missing. Not
 * synced. */
int disk_remove_dir(int at, const char *name) MUST_USE;

/* Reserves blocks up to BYTES, not changing the file's size. Fine where that is not supported. */
int disk_reserve(int fd, uint64_t bytes) MUST_USE;
/* Gives back blocks reserved behind the end of the file. */
void disk_trim(int fd);
/* Bytes in allocated blocks; 0 when it cannot be told. */
uint64_t disk_allocated(int fd);
/* What a file system has in all, and what of it is free for us. */
struct disk_space {
	uint64_t bytes, all_bytes;
	uint64_t inodes, all_inodes; /* both 0 where it does not count them */
};
/* 0 or an error, with all 0. */
int disk_space(int fd, struct disk_space *to) MUST_USE;
/* True when more than LEAST bytes are free, and more than the same share of the inodes. */
bool disk_space_over(const struct disk_space *d, uint64_t least);

#endif
