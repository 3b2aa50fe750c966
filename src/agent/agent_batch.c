/* SPDX-License-Identifier: Apache-2.0 */
/* agent_batch.c — makes the batches of the agent's pipeline. */
#include "agent/agent_batch.h"

struct agent_batch *agent_batch_init(struct batch *made)
{
	struct agent_batch *b = agent_batch_of(made);

	list_init(&b->link);
	list_init(&b->out);
	return b;
}

struct agent_batch *agent_batch_new(uint32_t size)
{
	struct batch *made = batch_new_within(sizeof(struct agent_batch), size);

	return made == NULL ? NULL : agent_batch_init(made);
}
