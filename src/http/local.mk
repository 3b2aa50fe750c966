# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/http/client.h %D%/client.c %D%/client_model.c %D%/exchange.c %D%/exchange_answer.c %D%/client_internal.h \
	%D%/client_sockets.c %D%/client_sockets.h %D%/request_body.c %D%/request_body.h \
	include/http/credentials.h %D%/credentials.c \
	include/http/addresses.h %D%/addresses.c \
	%D%/retry_after.c %D%/retry_after.h \
	include/http/access.h %D%/access.c %D%/access_options.c \
	include/http/server_tls.h %D%/server_tls.c \
	include/http/server.h %D%/server.c %D%/call.c %D%/server_internal.h \
	%D%/listen.c %D%/listen.h
