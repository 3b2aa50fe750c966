/* SPDX-License-Identifier: Apache-2.0 */
/* catchup.c — remembers when the delivery of a backlog began. */
#include "policy/catchup.h"

bool catchup_observe(struct catchup *c, uint64_t now_us, bool away, uint64_t waiting, uint64_t delivered,
        uint64_t *spans, uint64_t *took_us)
{
	bool begins = waiting > 0 && (away || !c->observed);

	c->observed = true;
	if (begins || (c->behind && away)) {
		c->behind = true;
		c->since_us = now_us;
		c->delivered = delivered;
		return false;
	}
	if (!c->behind || waiting > 0)
		return false;
	c->behind = false;
	*spans = delivered - c->delivered;
	*took_us = now_us - c->since_us;
	return *spans > 0;
}
