libspanspool_a_SOURCES += \
	include/conf.h \
	include/health.h %D%/health.c \
	include/metrics.h %D%/metrics.c
