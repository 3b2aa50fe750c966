# The contract, proven by force. Each takes --seed and --count; check runs a short share of each.
CAMPAIGNS = %D%/model
check_PROGRAMS += $(CAMPAIGNS)
TESTS += %D%/model

# The program's loop, clock and spool are met by a simulation.
%C%_model_SOURCES = %D%/model.c %D%/sim.h %D%/sim_loop.c %D%/sim_spool.c
%C%_model_CPPFLAGS = $(TEST_CPPFLAGS)

# Whole agents on real disks, through long outages and before every answer of a broker.
FORCES = %D%/backlog %D%/disk_full %D%/kafka_codes %D%/outage
check_PROGRAMS += $(FORCES)
TESTS += $(FORCES)
EXTRA_DIST += %D%/rounds.h

%C%_backlog_SOURCES = %D%/backlog.c tests/bench/measure.c tests/bench/measure.h $(STAGE)
%C%_backlog_CPPFLAGS = $(TEST_CPPFLAGS) -iquote $(top_srcdir)/tests/bench
%C%_disk_full_SOURCES = %D%/disk_full.c $(STAGE)
%C%_disk_full_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_kafka_codes_SOURCES = %D%/kafka_codes.c $(STAGE) tests/flow/kafka_sender.c tests/flow/kafka_sender.h
%C%_kafka_codes_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS) -iquote $(top_srcdir)/tests/flow
%C%_outage_SOURCES = %D%/outage.c %D%/sim.h %D%/sim_loop.c %D%/sim_spool.c
%C%_outage_CPPFLAGS = $(TEST_CPPFLAGS)
