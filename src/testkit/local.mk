# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	%D%/rate_schedule.h %D%/rate_schedule.c \
	%D%/udp_client.h %D%/udp_client.c \
	include/testkit/child.h %D%/child.c \
	include/testkit/emitter.h %D%/emitter.c \
	include/testkit/emitting.h %D%/emitting.c \
	include/testkit/ports.h %D%/ports.c \
	%D%/stub_admin.h %D%/stub_admin.c \
	include/testkit/stub_collector.h %D%/stub_collector.c \
	%D%/stub_later.h %D%/stub_later.c \
	%D%/stub_metrics.h %D%/stub_metrics.c \
	include/testkit/stub_store.h %D%/stub_store.c \
	include/testkit/tally.h %D%/tally.c \
	include/testkit/workdir.h %D%/workdir.c
