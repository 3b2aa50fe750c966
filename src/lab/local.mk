libspanspool_a_SOURCES += include/stub_collector.h %D%/stub_collector.c
