/* SPDX-License-Identifier: Apache-2.0 */
/* store_health.c — posts the state of the confirmer as health part "store". */
#include "exporter/store_health.h"

void store_health_post(struct health *h, enum confirmer_state state, const char *sentence)
{
	static const char part[] = "store";

	switch (state) {
	case CONFIRMER_STARTING:
	case CONFIRMER_CONFIRMING:
		health_post(h, part, HEALTH_OK, "%s", sentence);
		break;
	case CONFIRMER_BLIND:
		health_post(h, part, HEALTH_WARN, "%s", sentence);
		break;
	case CONFIRMER_STOPPED:
		health_post(h, part, HEALTH_DOWN, "%s", sentence);
		break;
	}
}
