/* SPDX-License-Identifier: Apache-2.0 */
/* collector_status.c — the lines of the collectors on the page /status, shared by agent and drain. */
#include "collector_status.h"

static void add_collector(void *arg, const struct exporter_destination *d)
{
	if (d->leaving)
		status_text(arg, "collector", "%s is no longer an address of its name: what it was sent is waited for",
		        d->name);
	else
		status_text(arg, "collector", "%s", d->fault[0] == '\0' ? d->name : d->fault);
	if (d->name_error[0] != '\0')
		status_text(arg, "its name", "%s", d->name_error);
	status_text(arg, "its store", "%s", d->store);
	if (d->confirmer_state != CONFIRMER_CONFIRMING)
		return;
	status_count(arg, "spans unconfirmed", d->confirmed.unconfirmed);
	status_count(arg, "window, spans", d->confirmed.window);
	status_count(arg, "spans confirmed", d->confirmed.confirm.confirmed);
	status_count(arg, "spans a second that it stores", d->confirmed.stored_per_s);
	status_count(arg, "spans that it lost", d->confirmed.confirm.lost);
	status_count(arg, "spans sent again for it", d->confirmed.confirm.resent);
}

void collector_status(const struct exporter *e, struct status *page)
{
	exporter_each(e, add_collector, page);
}
