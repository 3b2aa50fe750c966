libspanspool_a_SOURCES += include/spool.h
