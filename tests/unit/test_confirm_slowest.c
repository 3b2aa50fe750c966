/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirm_slowest.c — a POST in a collector that is never idle is stored once others were saved for longer
 * than a save takes. */
#include "confirm_fixture.h"

#define STRETCH_US UINT64_C(250000)

/* A reading after QUIET_US, in which others sent and had saved SAVED spans. */
static const char *read_later(uint64_t quiet_us, uint64_t saved)
{
	now_us += quiet_us;
	page.received += saved;
	page.saved += saved;
	return read_page();
}

/* A POST of which all spans were saved, in a collector whose queue is never seen empty. */
static void post_saved_in_company(void)
{
	begin(2000);
	page.slowest_us = 4 * STRETCH_US;
	post(0);
	read_page();
	page.received++;
	page.saved = POST;
	is_text(read_later(STRETCH_US, 1), "", "its spans have left the queue");
}

/* So few spans come that MARGIN of them take minutes. */
static void a_post_is_stored_when_others_were_saved_for_longer_than_a_save_takes(void)
{
	int stretches = 0;

	post_saved_in_company();
	while (stretches < 20 && *read_later(STRETCH_US, 1) == '\0')
		stretches++;
	ok(stretches >= 3 && stretches <= 5, "stored after %d more stretches", stretches);
	post_saved_in_company();
	for (int i = 0; i < 40; i++)
		if (*read_later(i < 20 ? STRETCH_US : 100 * STRETCH_US, i >= 20 && i % 2) != '\0')
			ok(0, "a store that hangs, or saves a span now and then, says nothing");
	is_int(c.unconfirmed, POST, "the POST waits");
}

int main(void)
{
	a_post_is_stored_when_others_were_saved_for_longer_than_a_save_takes();
	return tap_done();
}
