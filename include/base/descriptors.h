/* SPDX-License-Identifier: Apache-2.0 */
/* The limit of file descriptors of this process, and whether it is reached. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "base/base.h"

/* Raises the soft limit to the hard limit, as Go programs do. No part of this process uses select(), which
 * supports no descriptor above 1023. */
void descriptors_allow_most(void);

/* The current soft limit RLIMIT_NOFILE; UINT64_MAX: no limit. */
uint64_t descriptors_limit(void);

/* True when ERROR, an errno value, is EMFILE or ENFILE. */
bool descriptors_lacked(int error);

/* True when no descriptor can be opened now. */
bool descriptors_used_up(void);

enum { DESCRIPTORS_SENTENCE = 80 };
/* "no file descriptor is free (limit 30)"; returns TO. The caller adds the remedy: raise LimitNOFILE. */
const char *descriptors_sentence(char to[DESCRIPTORS_SENTENCE]);

#endif
