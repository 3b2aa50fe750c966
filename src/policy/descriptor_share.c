/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor_share.c — divides RLIMIT_NOFILE. The shares at some limits:
 *
 *   limit      exporter   server
 *   30, 44            2        2
 *   64               12        3
 *   256             108       27
 *   1024            492      123  */
#include "policy/descriptor_share.h"

enum { LEAST = 2 };

uint64_t descriptor_share(uint64_t limit, enum descriptor_user user, uint64_t wanted)
{
	static const unsigned divisors[] = { [DESCRIPTORS_EXPORTER] = 2, [DESCRIPTORS_SERVER] = 8 };
	uint64_t rest = limit - min_u64(limit, DESCRIPTORS_RESERVED);

	return min_u64(wanted, max_u64(LEAST, rest / divisors[user]));
}
