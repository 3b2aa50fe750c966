libspanspool_a_SOURCES += \
	include/cmd.h %D%/commands.c \
	%D%/cmd_config.c \
	%D%/cmd_help.c \
	%D%/cmd_version.c \
	%D%/options.h %D%/options.c
