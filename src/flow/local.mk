libspanspool_a_SOURCES += \
	include/backlog.h %D%/backlog.c \
	include/flight.h %D%/flight.c \
	include/forward.h %D%/forward.c \
	include/gate.h %D%/gate.c \
	include/intake.h %D%/intake.c \
	include/keeper.h %D%/keeper.c %D%/keeper_health.c %D%/keeper_impl.h %D%/keeper_turn.c \
	%D%/refused.c %D%/refused.h \
	include/sink.h \
	include/sinks.h %D%/sink_collector.c %D%/sink_kafka.c \
	%D%/sink_id.h %D%/sink_id.c
