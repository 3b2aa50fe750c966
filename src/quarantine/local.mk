# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/quarantine/quarantine.h %D%/quarantine.c %D%/quarantine_internal.h \
	%D%/directory.c %D%/files.c include/quarantine/kept.h %D%/kept.c %D%/kept_list.c %D%/kept_list.h \
	%D%/kinds.c %D%/records.c %D%/topic.c
