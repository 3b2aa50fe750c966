libspanspool_a_SOURCES += include/net/udp.h %D%/udp.c
