libspanspool_a_SOURCES += include/loop/loop.h %D%/loop.c %D%/detached.c
