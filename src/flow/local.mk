libspanspool_a_SOURCES += include/sink.h
