libspanspool_a_SOURCES += \
	include/agent_tags.h %D%/agent_tags.c \
	include/batch.h %D%/batch.c \
	include/inspect.h \
	include/transcode.h
