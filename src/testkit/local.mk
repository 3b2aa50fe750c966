# SPDX-License-Identifier: Apache-2.0
# The far ends that agent and drain are shown and tested against, the demonstration and the emitter. The daemon links
# none of it: the commands are those of a program of their own, and tests link the library.
noinst_LIBRARIES += libtestkit.a
libtestkit_a_CPPFLAGS = $(PROGRAM_CPPFLAGS)
libtestkit_a_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(RDKAFKA_CFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(THRIFT_CFLAGS)
libtestkit_a_SOURCES = \
	%D%/cmd_demo.c %D%/demo.h \
	%D%/demo_acts.c \
	%D%/demo_plan.c \
	%D%/demo_play.c \
	%D%/demo_report.c \
	%D%/demo_verdict.c \
	%D%/demo_watch.c \
	%D%/demo_world.c \
	%D%/cmd_emit.c %D%/commands.h \
	%D%/rate_schedule.h %D%/rate_schedule.c \
	%D%/udp_client.h %D%/udp_client.c \
	include/testkit/child.h %D%/child.c \
	include/testkit/emitter.h %D%/emitter.c \
	include/testkit/emitting.h %D%/emitting.c \
	include/testkit/kafka_mock.h %D%/kafka_mock.c \
	include/testkit/numbered_spans.h %D%/numbered_spans.c \
	include/testkit/ports.h %D%/ports.c \
	include/testkit/rig.h %D%/rig.c %D%/rig_options.c \
	%D%/stub_admin.h %D%/stub_admin.c \
	include/testkit/stub_collector.h %D%/stub_collector.c \
	%D%/stub_later.h %D%/stub_later.c \
	%D%/stub_metrics.h %D%/stub_metrics.c \
	include/testkit/stub_store.h %D%/stub_store.c \
	include/testkit/tally.h %D%/tally.c \
	include/testkit/workdir.h %D%/workdir.c
TESTKIT_LIBS = libtestkit.a $(SPANSPOOL_LIBS) $(THRIFT_LIBS)

pkglibexec_PROGRAMS = spanspool-testkit
spanspool_testkit_SOURCES = %D%/main.c
spanspool_testkit_CPPFLAGS = $(PROGRAM_CPPFLAGS)
spanspool_testkit_LDADD = $(TESTKIT_LIBS)
