libspanspool_a_SOURCES += \
	include/batch.h %D%/batch.c \
	include/inspect.h \
	include/numbered.h %D%/numbered.c \
	include/transcode.h
