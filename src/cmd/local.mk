# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/cmd/cmd.h %D%/command.c %D%/commands.c \
	%D%/agent.h %D%/agent_log.c %D%/agent_pages.c \
	%D%/agent_reload.c %D%/agent_service.c \
	%D%/cmd_agent.c \
	include/cmd/completion.h %D%/cmd_completion.c \
	%D%/cmd_config.c \
	%D%/cmd_drain.c %D%/drain_log.c %D%/drain_pages.c \
	%D%/drain_progress.c %D%/drain_report.c %D%/from_quarantine_report.c \
	%D%/drainer.h \
	%D%/collector_status.h %D%/collector_status.c \
	%D%/cmd_help.c \
	%D%/cmd_spool.c %D%/spool_options.c %D%/spool_verbs.h \
	%D%/spool_export.c %D%/spool_outlet.c \
	%D%/spool_ls.c \
	%D%/spool_quarantine.c \
	%D%/spool_repair.c \
	%D%/spool_retry.c \
	%D%/spool_stat.c \
	%D%/spool_verify.c \
	%D%/admin_query.h %D%/admin_query.c %D%/cmd_status.c %D%/status_text.h %D%/status_text.c \
	%D%/jaeger_agent.c %D%/cmd_version.c \
	%D%/daemon.h %D%/daemon.c %D%/reload.h %D%/reload.c %D%/service.h %D%/service.c \
	%D%/takeover.h %D%/takeover.c %D%/takeover_begin.c %D%/takeover_wire.h %D%/takeover_wire.c \
	include/cmd/options.h %D%/options.c \
	include/cmd/program.h %D%/program.c

# The scripts of etc/completion as strings.
COMPLETIONS = etc/completion/spanspool.bash etc/completion/spanspool.zsh etc/completion/spanspool.fish
EXTRA_DIST += $(COMPLETIONS)
CLEANFILES += %D%/completion_scripts.c
nodist_libspanspool_a_SOURCES += %D%/completion_scripts.c

%D%/completion_scripts.c: $(COMPLETIONS)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && { \
		echo '#include "cmd/completion.h"'; \
		for f in $(COMPLETIONS); do \
			echo "const char completion_$${f##*.}[] ="; \
			$(SED) 's/[\\"]/\\&/g; s/.*/"&\\n"/' '$(srcdir)'/$$f || exit 1; \
			echo ';'; \
		done; } >$@.new && mv $@.new $@
