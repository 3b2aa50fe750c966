/* SPDX-License-Identifier: Apache-2.0 */
/* deaf_drain.c — the drain itself, to which nobody says that there is room again: what waits for that must
 * go on all the same. */
void __wrap_drain_on_room(void *drain);

void __wrap_drain_on_room(void *drain)
{
	(void)drain;
}
