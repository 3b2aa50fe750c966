libspanspool_a_SOURCES += \
	include/json_add.h %D%/json_add.c \
	%D%/process_figures.c %D%/process_figures.h \
	include/admin.h %D%/admin.c \
	include/ledger_page.h %D%/ledger_page.c \
	include/ledger_read.h %D%/ledger_read.c \
	include/status.h %D%/status.c %D%/status_html.c %D%/status_impl.h
