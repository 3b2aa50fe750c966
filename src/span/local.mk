libspanspool_a_SOURCES += \
	include/batch.h %D%/batch.c \
	include/inspect.h \
	include/transcode.h
