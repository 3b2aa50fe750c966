libspanspool_a_SOURCES += include/spool/spool.h include/spool/look.h include/spool/mend.h \
	%D%/count.c \
	%D%/disk.c %D%/disk.h %D%/disk_open.c \
	%D%/fetch.c \
	%D%/kept.c \
	%D%/format.c %D%/format.h %D%/format_internal.h %D%/format_state.c %D%/format_trailer.c \
	%D%/location.c \
	%D%/lock.c %D%/lock.h \
	%D%/look.c %D%/look.h \
	%D%/look_items.c \
	%D%/mend.c \
	%D%/mend_state.c \
	%D%/names.c %D%/names.h \
	%D%/older.c %D%/older.h \
	%D%/put.c \
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
	%D%/survey.c \
	%D%/lmdb_pages.c %D%/lmdb_pages.h \
	%D%/turn.c \
	%D%/writer.c %D%/writer.h
