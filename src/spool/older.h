/* SPDX-License-Identifier: Apache-2.0 */
/* older.h — files that an older version of this program left in a spool's directory (private). */
#ifndef OLDER_H
#define OLDER_H

#include "base/err.h"

/* printf format; its arguments are the spool's directory and the name of a file in it. */
#define OLDER_FORMAT                                                                                                   \
	"%s/%s was written before format 3, whose checksums have a key: let the version that "                         \
	"wrote it "                                                                                                    \
	"deliver what waits (`spanspool spool stat` of that version says how much), or move the "                      \
	"directory away"

/* Version 0.1.0 kept batches in the file "tail" unless it synced every commit. 0: directory AT has no such file,
 * or an empty one, which is removed if REMOVE. E_OLDER with a sentence: the file has records, which this version
 * cannot read and must not ignore. */
int older_check_tail(int at, bool remove, struct why *why) MUST_USE;

#endif
