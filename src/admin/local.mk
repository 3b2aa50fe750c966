# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/admin/json_add.h %D%/json_add.c \
	include/admin/history.h %D%/history.c %D%/chart.c %D%/status_style.c \
	%D%/process_figures.c %D%/process_figures.h \
	include/admin/admin.h %D%/admin.c %D%/admin_internal.h %D%/status_pages.c \
	%D%/jaeger_pages.h %D%/jaeger_pages.c \
	include/admin/ledger_page.h %D%/ledger_page.c \
	include/admin/ledger_read.h %D%/ledger_read.c \
	include/admin/status.h %D%/status.c %D%/status_html.c %D%/status_internal.h
