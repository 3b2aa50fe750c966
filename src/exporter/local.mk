libspanspool_a_SOURCES += \
	include/exporter/metrics_page.h %D%/metrics_page.c
