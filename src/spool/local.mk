# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += include/spool/spool.h include/spool/inspect.h include/spool/repair.h \
	%D%/count.c \
	%D%/disk.c %D%/disk.h %D%/disk_open.c \
	%D%/read.c \
	%D%/quarantine_list.c \
	%D%/format.c %D%/format.h %D%/format_internal.h %D%/format_state.c %D%/format_trailer.c \
	%D%/location.c \
	%D%/lock.c %D%/lock.h \
	%D%/inspect.c %D%/inspect.h \
	%D%/inspect_items.c \
	%D%/repair.c \
	%D%/repair_state.c \
	%D%/older.c %D%/older.h \
	%D%/append.c \
	%D%/quarantine.c \
	%D%/reader.c %D%/reader.h \
	%D%/recover.c \
	%D%/room.c \
	%D%/salvage.c %D%/salvage.h \
	%D%/segments.c %D%/segments.h \
	%D%/spool.c \
	%D%/spool_internal.h \
	%D%/statefile.c %D%/statefile.h \
	%D%/store.c \
	%D%/survey.c %D%/survey.h \
	%D%/lmdb_pages.c %D%/lmdb_pages.h \
	%D%/cycle.c \
	%D%/writer.c %D%/writer.h
