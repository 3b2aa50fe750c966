libspanspool_a_SOURCES += \
	include/backlog.h %D%/backlog.c \
	include/drain.h %D%/drain.c %D%/drain_group.c %D%/drain_parts.h %D%/drain_poison.c \
	%D%/drain_record.c %D%/drain_replay.c \
	include/flight.h %D%/flight.c \
	include/forward.h %D%/forward.c \
	include/gate.h %D%/gate.c \
	include/intake.h %D%/intake.c \
	include/keeper.h %D%/keeper.c %D%/keeper_health.c %D%/keeper_impl.h %D%/keeper_turn.c \
	include/quarantine.h %D%/quarantine.c %D%/quarantine_directory.c %D%/quarantine_impl.h \
	%D%/quarantine_topic.c \
	include/sink.h \
	include/sinks.h %D%/sink_collector.c %D%/sink_kafka.c \
	%D%/sink_id.h %D%/sink_id.c \
	%D%/store_health.h %D%/store_health.c
