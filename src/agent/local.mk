# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/agent/agent_batch.h %D%/agent_batch.c \
	include/agent/backlog.h %D%/backlog.c \
	%D%/backlog_internal.h %D%/backlog_owner.c \
	include/agent/flight.h %D%/flight.c \
	include/agent/pipeline.h %D%/pipeline.c \
	include/agent/metrics.h %D%/metrics.c %D%/jaeger_metrics.c \
	include/agent/options.h %D%/options.c %D%/options_check.c %D%/options_kafka.c \
	include/agent/reporter.h %D%/reporter.c \
	include/agent/dispatcher.h %D%/dispatcher.c \
	include/agent/intake.h %D%/intake.c \
	include/agent/spooler.h %D%/spooler.c %D%/spooler_health.c %D%/spooler_internal.h %D%/spooler_cycle.c \
	%D%/delivery_watch.c %D%/delivery_watch.h \
	%D%/exposure_health.c %D%/exposure_health.h \
	%D%/refused.c %D%/refused.h \
	include/agent/sink.h \
	include/agent/sinks.h %D%/sink_collector.c %D%/sink_kafka.c \
	%D%/sink_id.h %D%/sink_id.c
