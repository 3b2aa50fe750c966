libspanspool_a_SOURCES += include/cmd.h
