libspanspool_a_SOURCES += include/sink.h
libspanspool_a_SOURCES += \
	include/postman.h
