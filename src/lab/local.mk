libspanspool_a_SOURCES += \
	include/child.h %D%/child.c \
	include/emitter.h %D%/emitter.c \
	include/emitting.h %D%/emitting.c \
	%D%/metronome.h %D%/metronome.c \
	include/ports.h %D%/ports.c \
	include/tally.h %D%/tally.c \
	include/tempdir.h %D%/tempdir.c \
	%D%/udp_door.h %D%/udp_door.c
