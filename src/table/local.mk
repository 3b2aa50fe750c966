libspanspool_a_SOURCES += \
	%D%/conf_file.c \
	%D%/conf_print.c \
	%D%/conf_value.c \
	include/conf.h %D%/conf.c %D%/conf_impl.h \
	include/health.h %D%/health.c \
	include/metrics.h %D%/metrics.c \
	include/near.h %D%/near.c
