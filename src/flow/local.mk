libspanspool_a_SOURCES += include/sink.h
libspanspool_a_SOURCES += \
	include/postman.h %D%/postman.c %D%/postman_answer.c %D%/postman_check.c \
	%D%/postman_letter.c %D%/postman_parts.h %D%/postman_pump.c
