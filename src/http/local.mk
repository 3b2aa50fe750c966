libspanspool_a_SOURCES += \
	include/http_client.h \
	include/http_server.h %D%/http_server.c %D%/http_call.c \
	%D%/listen.c %D%/listen.h %D%/server_impl.h
