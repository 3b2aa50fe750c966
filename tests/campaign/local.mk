# SPDX-License-Identifier: Apache-2.0
# The contract, proven by force: thousands of crashes, refusals, cuts and outages against one promise.
# check plays the model; campaign-short is the share of all that CI runs, campaign takes its time. They run
# the table in run.sh.
CAMPAIGNS = \
	%D%/collector_answers \
	%D%/confirm_model \
	%D%/corrupt \
	%D%/fault_calls \
	%D%/kill_calls \
	%D%/kill_load \
	%D%/model \
	%D%/powerloss
check_PROGRAMS += $(CAMPAIGNS)
TESTS += %D%/model
EXTRA_DIST += %D%/run.sh

CAMPAIGN = %D%/campaign.c %D%/campaign.h
CAMPAIGN_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/spool
# Store and forward before a fake sink, in a process that may die.
CAMPAIGN_LIFE = %D%/evidence.c %D%/evidence.h %D%/fakesink.c %D%/fakesink.h %D%/life.c %D%/life.h \
	tests/lib/fault.c tests/lib/fault.h tests/lib/tempdir.h tests/lib/wait.h
# Where the program's loop, clock and spool are met by a simulation.
CAMPAIGN_SIM = %D%/sim.h %D%/sim_loop.c %D%/sim_spool.c

%C%_collector_answers_SOURCES = %D%/collector_answers.c %D%/answers_book.c %D%/answers_book.h \
	%D%/answers_failing.c %D%/answers_names.c %D%/answers_tls.c %D%/answers.c %D%/answers.h %D%/answers_poison.c %D%/answers_status.c %D%/answers_storm.c \
	%D%/scripted_collector.c %D%/scripted_collector.h $(CAMPAIGN) \
	tests/lib/batchmake.h tests/lib/fakeclock.h tests/lib/looptest.h tests/lib/resolver.h tests/lib/wait.h
%C%_confirm_model_SOURCES = %D%/confirm_model.c $(CAMPAIGN)
%C%_fault_calls_CPPFLAGS = $(CAMPAIGN_CPPFLAGS)
%C%_fault_calls_SOURCES = %D%/fault_calls.c %D%/lowmem.c $(CAMPAIGN) $(CAMPAIGN_LIFE)
%C%_fault_calls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
%C%_kill_calls_CPPFLAGS = $(CAMPAIGN_CPPFLAGS)
%C%_kill_calls_SOURCES = %D%/kill_calls.c %D%/livenote.c $(CAMPAIGN) $(CAMPAIGN_LIFE)
%C%_kill_calls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=statefile_live
%C%_kill_load_CPPFLAGS = $(CAMPAIGN_CPPFLAGS)
%C%_kill_load_SOURCES = %D%/kill_load.c $(CAMPAIGN) $(CAMPAIGN_LIFE)
%C%_model_SOURCES = %D%/model.c %D%/model_sink.c %D%/model_refusals.c %D%/model_world.c \
	%D%/sim_udp.c $(CAMPAIGN_SIM)

# Whole agents on real disks, through long outages and before every answer of a broker.
FORCES = %D%/answers_process %D%/backlog %D%/disk_full %D%/kafka_codes %D%/kill_agent %D%/kill_drain %D%/outage \
	%D%/outage_http %D%/rebalance
check_PROGRAMS += $(FORCES) %D%/faulty_agent
EXTRA_DIST += %D%/rounds.h
# "make plants": each bug put in on purpose is caught by its campaign.
EXTRA_DIST += %D%/plants.sh %D%/plants

%C%_answers_process_SOURCES = %D%/answers_process.c $(CAMPAIGN)
%C%_backlog_SOURCES = %D%/backlog.c tests/bench/measure.c
%C%_backlog_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/tests/bench
%C%_kafka_codes_SOURCES = %D%/kafka_codes.c %D%/kafka_codes_ever.c tests/flow/kafka_sender.c
%C%_kafka_codes_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS) -iquote $(top_srcdir)/tests/flow
%C%_kill_agent_SOURCES = %D%/kill_agent.c $(CAMPAIGN)
%C%_kill_drain_SOURCES = %D%/kill_drain.c $(CAMPAIGN)
# The agent behind the calls that a plan may turn against it.
%C%_faulty_agent_SOURCES = src/main.c %D%/faulty_agent.c tests/lib/fault.c
# Its accept, recvmsg and sendmsg stand before those of libc: they are the request log of the mock cluster.
%C%_rebalance_SOURCES = %D%/rebalance.c %D%/group_log.c $(CAMPAIGN)
%C%_outage_SOURCES = %D%/outage.c $(CAMPAIGN_SIM)

# Its own calls stand before those of libc.
%C%_powerloss_SOURCES = %D%/powerloss.c $(CAMPAIGN) %D%/disklog.c %D%/disklog_cut.c \
	tests/lib/spool_history.c
%C%_corrupt_SOURCES = %D%/corrupt.c $(CAMPAIGN) %D%/damage.c %D%/hostile.c %D%/image.c
%C%_corrupt_CPPFLAGS = $(CAMPAIGN_CPPFLAGS)
EXTRA_DIST += %D%/spool_plants.sh

.PHONY: campaign campaign-short
campaign: spanspool $(check_PROGRAMS)
	builddir='$(builddir)' $(SHELL) $(srcdir)/%D%/run.sh long
campaign-short: spanspool $(check_PROGRAMS)
	builddir='$(builddir)' $(SHELL) $(srcdir)/%D%/run.sh short

.PHONY: plants
plants: spanspool $(check_PROGRAMS)
	$(SHELL) $(srcdir)/%D%/plants.sh
	$(SHELL) $(srcdir)/%D%/spool_plants.sh

# Headers that the files above include.
EXTRA_DIST += \
	%D%/damage.h \
	%D%/disklog.h \
	%D%/group_log.h \
	%D%/hostile.h \
	%D%/image.h \
	%D%/kafka_codes.h \
	%D%/livenote.h \
	%D%/model.h \
	%D%/model_refusals.h \
	%D%/model_sink.h \
	%D%/wire_reader.h
