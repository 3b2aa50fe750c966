# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/drain/drain.h %D%/drain.c %D%/drain_internal.h \
	%D%/metrics.c %D%/partition.c %D%/range.c %D%/record.c %D%/quarantine_job.c
