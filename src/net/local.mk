libspanspool_a_SOURCES += include/udp.h %D%/udp.c
