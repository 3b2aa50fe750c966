libspanspool_a_SOURCES += \
	include/http_client.h %D%/http_client.c %D%/client_model.c %D%/exchange.c %D%/exchange_judge.c %D%/client_impl.h \
	%D%/client_sockets.c %D%/client_sockets.h %D%/request_body.c %D%/request_body.h \
	include/credentials.h %D%/credentials.c \
	include/addresses.h %D%/addresses.c \
	%D%/retry_after.c %D%/retry_after.h \
	include/http_server.h %D%/http_server.c %D%/http_call.c %D%/server_impl.h \
	%D%/listen.c %D%/listen.h
