/* SPDX-License-Identifier: Apache-2.0 */
/* older.h — what an older version of this program left in a spool's directory (private). */
#ifndef OLDER_H
#define OLDER_H

#include "base/err.h"

/* Of the directory and a file in it. */
#define OLDER_FORMAT                                                                                                   \
	"%s/%s was written before format 3, whose checksums have a key: let the version that "                         \
	"wrote it "                                                                                                    \
	"deliver what waits (`spanspool spool stat` of that version says how much), or move the "                      \
	"directory away"

/* Version 0.1.0 kept batches in the file "tail" when it was told not to sync every commit. 0: the
 * directory AT has no such file, or an empty one, which REMOVE removes. E_OLDER with a sentence: it
 * holds records, which this version cannot read and must not pass over. */
int older_check_tail(int at, bool remove, struct why *why) MUST_USE;

#endif
