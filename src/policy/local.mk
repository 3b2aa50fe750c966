libspanspool_a_SOURCES += \
	include/answers.h %D%/answers.c \
	include/backoff.h %D%/backoff.c \
	include/bucket.h %D%/bucket.c \
	include/endpoint.h %D%/endpoint.c \
	include/ledger.h %D%/ledger.c \
	include/slowstart.h %D%/slowstart.c \
	include/watermark.h %D%/watermark.c
