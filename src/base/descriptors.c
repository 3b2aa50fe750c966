/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.c — reads and raises RLIMIT_NOFILE, and formats the message for a process that has reached it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/descriptors.h"

void descriptors_allow_most(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) < 0)
		return;
	most.rlim_cur = most.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &most); /* on failure the soft limit stays */
}

uint64_t descriptors_limit(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) < 0 || most.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return most.rlim_cur;
}

bool descriptors_lacked(int error)
{
	return error == EMFILE || error == ENFILE;
}

bool descriptors_used_up(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return descriptors_lacked(errno);
	close(fd);
	return false;
}

const char *descriptors_sentence(char to[DESCRIPTORS_SENTENCE])
{
	snprintf(to, DESCRIPTORS_SENTENCE, "no file descriptor is free (limit %" PRIu64 ")", descriptors_limit());
	return to;
}
