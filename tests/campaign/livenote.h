/* SPDX-License-Identifier: Apache-2.0 */
/* livenote.h — SIGKILL before, in the middle of, and after a store to the mapped slots of the state
 * file. Linked with -Wl,--wrap=statefile_live. */
#ifndef LIVENOTE_H
#define LIVENOTE_H

#include <stdbool.h>

/* *TORN is set when the process dies in the middle of a note. */
void livenote_watch(bool *torn);

#endif
