libspanspool_a_SOURCES += \
	include/base.h \
	include/buf.h %D%/buf.c \
	include/clock.h %D%/clock.c \
	include/descriptors.h %D%/descriptors.c \
	include/err.h %D%/err.c \
	include/list.h \
	include/log.h %D%/log.c %D%/log_writer.c %D%/log_writer.h \
	include/owner.h %D%/owner.c \
	include/progress.h %D%/progress.c \
	include/redact.h %D%/redact.c \
	include/secret_file.h %D%/secret_file.c \
	include/slice.h \
	include/units.h %D%/units.c \
	include/utf8.h %D%/utf8.c
