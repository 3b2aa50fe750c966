libspanspool_a_SOURCES += \
	include/conf.h %D%/conf.c %D%/conf_impl.h \
	%D%/conf_file.c \
	%D%/conf_flags.c \
	%D%/conf_print.c \
	%D%/conf_value.c \
	include/near.h %D%/near.c \
	include/health.h %D%/health.c \
	include/metrics.h %D%/metrics.c
