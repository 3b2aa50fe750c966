libspanspool_a_SOURCES += \
	include/ledger_read.h %D%/ledger_read.c
