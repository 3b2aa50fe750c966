# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/base/base.h \
	include/base/buf.h %D%/buf.c \
	include/base/clock.h %D%/clock.c \
	include/base/descriptors.h %D%/descriptors.c \
	include/base/err.h %D%/err.c \
	include/base/list.h \
	include/base/listeners.h %D%/listeners.c \
	include/base/log.h %D%/log.c %D%/log_writer.c %D%/log_writer.h \
	include/base/owner.h %D%/owner.c \
	include/base/pool.h \
	include/base/progress.h %D%/progress.c \
	include/base/redact.h %D%/redact.c \
	include/base/secret_file.h %D%/secret_file.c \
	include/base/slice.h \
	include/base/units.h %D%/units.c \
	include/base/utf8.h %D%/utf8.c
