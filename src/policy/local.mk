libspanspool_a_SOURCES += \
	include/answers.h %D%/answers.c \
	include/backoff.h %D%/backoff.c \
	include/endpoint.h %D%/endpoint.c \
	include/ledger.h %D%/ledger.c \
	include/pace.h %D%/pace.c \
	include/watermark.h %D%/watermark.c
