libspanspool_a_SOURCES += \
	include/drain/drain.h %D%/drain.c %D%/drain_internal.h \
	%D%/partition.c %D%/range.c %D%/record.c %D%/refused.c
