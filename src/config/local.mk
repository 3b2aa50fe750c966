# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/config/conf.h %D%/conf.c %D%/conf_internal.h \
	%D%/conf_file.c %D%/conf_yaml.c %D%/conf_properties.c \
	%D%/conf_change.c %D%/conf_complete.c \
	%D%/conf_flags.c \
	%D%/conf_print.c \
	%D%/conf_value.c \
	include/config/limits.h %D%/limits.c \
	include/config/suggestion.h %D%/suggestion.c
