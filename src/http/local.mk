libspanspool_a_SOURCES += \
	include/http_client.h \
	include/http_server.h
