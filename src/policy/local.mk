libspanspool_a_SOURCES += \
	include/ledger.h %D%/ledger.c \
	include/marks.h %D%/marks.c
