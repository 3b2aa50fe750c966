# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/exporter/collector_cause.h %D%/cause.c \
	include/exporter/confirmer.h %D%/confirmer.c %D%/confirmer_internal.h %D%/confirmer_sentence.c \
	include/exporter/exporter.h %D%/exporter.c %D%/exporter_internal.h \
	%D%/answer.c %D%/check.c %D%/collector.c %D%/destination.c %D%/failing.c %D%/group.c %D%/headers.c %D%/item.c %D%/request.c \
	%D%/send.c \
	include/exporter/failing_health.h %D%/failing_health.c \
	include/exporter/metrics.h %D%/metrics.c \
	include/exporter/metrics_page.h %D%/metrics_page.c \
	%D%/pages.c %D%/pages.h \
	include/exporter/options.h %D%/options.c %D%/options_check.c \
	include/exporter/store_health.h %D%/store_health.c
