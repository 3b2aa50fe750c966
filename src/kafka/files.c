/* SPDX-License-Identifier: Apache-2.0 */
/* files.c — reads the files that properties refer to. A change is detected by content, not by mtime: a file may be
 * written twice within one tick of the file system's clock, and a file that was only touched must not cause a new
 * connection. For a directory of CA certificates the mtime decides. Only regular files are accepted, because a pipe
 * cannot be read again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "base/secret_file.h"

enum { CHUNK = 4096, MOST_BYTES = 4 << 20 };

static const char *const paths[] = { "ssl.ca.location", "ssl.certificate.location", "ssl.key.location",
	"ssl.crl.location", "ssl.keystore.location", "sasl.kerberos.keytab" };

bool kafka_files_named_by(const struct kafka_property *p)
{
	if (p->in_file)
		return true;
	if (p->value[0] == '\0' || strcmp(p->value, "probe") == 0) /* ssl.ca.location=probe */
		return false;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (strcmp(paths[i], p->name) == 0)
			return true;
	return false;
}

/* Returns a descriptor, or -1 with errno. O_NONBLOCK: opening a pipe without a writer must not block. */
static int open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && fstat(fd, st) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int report_bad_file(const struct kafka_property *p, const char *what, struct why *why)
{
	return why_set(why, E_USAGE, "kafka property %s: %s: %s", p->name, p->value, what);
}

int kafka_files_check(const struct kafka_property *p, struct why *why)
{
	struct stat st;
	int fd = open_file(p->value, &st);

	if (fd < 0)
		return report_bad_file(p, strerror(errno), why);
	close(fd);
	if (!S_ISREG(st.st_mode) && !(S_ISDIR(st.st_mode) && !p->in_file))
		return report_bad_file(p, "is not a regular file, so it could not be read again", why);
	return 0;
}

int kafka_files_secret(const struct kafka_property *p, struct buf *to, struct why *why)
{
	int fd, rc = kafka_files_check(p, why);
	bool is_pipe;

	if (rc < 0)
		return rc;
	fd = secret_file_open(p->value, &is_pipe, why);
	rc = fd < 0 ? fd : secret_file_line(fd, p->value, to, why);
	if (fd >= 0)
		close(fd);
	return rc < 0 ? why_wrap(why, "kafka property %s", p->name) : 0;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	return slice_hash(slice_of(bytes, len), hash);
}

static uint64_t hash_contents(uint64_t hash, int fd)
{
	uint8_t chunk[CHUNK];
	size_t total = 0;
	ssize_t n;

	while (total < MOST_BYTES && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		hash = hash_bytes(hash, chunk, (size_t)n);
		total += (size_t)n;
	}
	return hash_bytes(hash, &total, sizeof(total));
}

static uint64_t hash_file(uint64_t hash, const char *path)
{
	struct stat st;
	int fd = open_file(path, &st), failed = errno;

	if (fd < 0)
		return hash_bytes(hash, &failed, sizeof(failed));
	if (S_ISREG(st.st_mode))
		hash = hash_contents(hash, fd);
	else
		hash = hash_bytes(hash, &st.st_mtim, sizeof(st.st_mtim));
	close(fd);
	return hash;
}

uint64_t kafka_files_hash(const struct kafka_property *p, size_t n)
{
	uint64_t hash = SLICE_HASH_BEGIN;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!kafka_files_named_by(&p[i]))
			continue;
		any = true;
		hash = hash_file(hash_bytes(hash, p[i].value, strlen(p[i].value) + 1), p[i].value);
	}
	return any ? hash : 0;
}
