libspanspool_a_SOURCES += \
	include/conf.h \
	include/health.h \
	include/metrics.h
