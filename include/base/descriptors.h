/* SPDX-License-Identifier: Apache-2.0 */
/* The file descriptors of this process: how many there may be, whether one is free. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "base/base.h"

/* Lets this process open as many as its hard limit allows, as Go programs do. No part of the process uses
 * select(), which could not take a descriptor above 1023. */
void descriptors_allow_most(void);

/* RLIMIT_NOFILE, as it stands now; UINT64_MAX: no limit. */
uint64_t descriptors_limit(void);

/* True when ERROR, an errno value, says that there is no descriptor for one more file. */
bool descriptors_lacked(int error);

/* True when none can be opened now. */
bool descriptors_used_up(void);

enum { DESCRIPTORS_SENTENCE = 80 };
/* "no file descriptor is free (limit 30)"; returns TO. What helps is for the caller to say: raise LimitNOFILE. */
const char *descriptors_sentence(char to[DESCRIPTORS_SENTENCE]);

#endif
