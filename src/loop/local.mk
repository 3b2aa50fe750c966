libspanspool_a_SOURCES += include/loop.h %D%/loop.c %D%/detached.c
