libspanspool_a_SOURCES += \
	include/exporter/confirmer.h %D%/confirmer.c %D%/confirmer_impl.h %D%/confirmer_sentence.c \
	include/exporter/metrics_page.h %D%/metrics_page.c \
	%D%/pages.c %D%/pages.h
