libspanspool_a_SOURCES += \
	include/circuit.h %D%/circuit.c \
	include/ledger.h %D%/ledger.c \
	include/marks.h %D%/marks.c \
	include/pace.h %D%/pace.c
