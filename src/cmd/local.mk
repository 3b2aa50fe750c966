libspanspool_a_SOURCES += \
	include/cmd.h %D%/commands.c \
	%D%/agent.h %D%/agent_options.c %D%/agent_pages.c \
	%D%/cmd_agent.c \
	%D%/cmd_config.c \
	%D%/cmd_help.c \
	%D%/cmd_version.c \
	%D%/options.h %D%/options.c
