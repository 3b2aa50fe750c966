# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/drain/drain.h %D%/drain.c %D%/drain_internal.h \
	include/drain/from_directory.h %D%/from_directory.c %D%/from_directory_work.c %D%/from_directory_internal.h \
	include/drain/options.h %D%/options.c %D%/options_check.c %D%/options_kafka.c \
	%D%/metrics.c %D%/partition.c %D%/range.c %D%/record.c %D%/quarantine_job.c %D%/value.c
