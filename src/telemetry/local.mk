# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/telemetry/health.h %D%/health.c \
	include/telemetry/metrics.h %D%/metrics.c
