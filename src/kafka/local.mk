# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	%D%/assignment.c \
	include/kafka/consumer.h %D%/consumer.c %D%/commit.c %D%/consumer_internal.h %D%/records.c \
	include/kafka/producer.h %D%/producer.c %D%/producer_internal.h \
	include/kafka/fault.h %D%/cause.c %D%/cause.h \
	%D%/conf.c %D%/conf.h \
	%D%/fetch.c \
	%D%/files.c %D%/files.h \
	%D%/group.c \
	include/kafka/fault_metrics.h %D%/fault_metrics.c \
	include/kafka/jaeger_options.h %D%/jaeger_options.c \
	include/kafka/properties.h %D%/properties.c \
	include/kafka/names.h %D%/names.c \
	%D%/offsets.c %D%/offsets.h \
	%D%/recent_lines.c %D%/recent_lines.h \
	%D%/rules.c %D%/rules.h \
	%D%/handle.c %D%/handle.h \
	%D%/log.c %D%/log.h \
	%D%/member.c \
	%D%/recover.c \
	%D%/reports.c \
	%D%/sockets.c %D%/sockets.h \
	%D%/watch.c %D%/watch.h \
	%D%/thread_callbacks.c %D%/thread_callbacks.h
