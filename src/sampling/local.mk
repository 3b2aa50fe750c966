# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	%D%/cache.h %D%/cache.c \
	%D%/fetch.c %D%/health.c \
	%D%/job.c \
	include/sampling/options.h %D%/options.c \
	include/sampling/sampling.h %D%/sampling.c \
	%D%/sampling_internal.h \
	%D%/strategies.h %D%/strategies.c \
	%D%/strategy.h %D%/strategy.c \
	%D%/whole_file.h %D%/whole_file.c
