libspanspool_a_SOURCES += \
	%D%/metronome.h %D%/metronome.c \
	%D%/udp_door.h %D%/udp_door.c \
	include/child.h %D%/child.c \
	include/emitter.h %D%/emitter.c \
	include/emitting.h %D%/emitting.c \
	include/ports.h %D%/ports.c \
	%D%/stub_admin.h %D%/stub_admin.c \
	include/stub_collector.h %D%/stub_collector.c \
	%D%/stub_later.h %D%/stub_later.c \
	%D%/stub_metrics.h %D%/stub_metrics.c \
	include/stub_store.h %D%/stub_store.c \
	include/tally.h %D%/tally.c \
	include/workdir.h %D%/workdir.c
