# The contract, proven by force. Each takes --seed and --count; check runs a short share of each.
CAMPAIGNS = %D%/model
check_PROGRAMS += $(CAMPAIGNS)
TESTS += %D%/model

# The program's loop, clock and spool are met by a simulation.
%C%_model_SOURCES = %D%/model.c %D%/model.h %D%/model_world.c %D%/sim.h %D%/sim_loop.c %D%/sim_spool.c
%C%_model_CPPFLAGS = $(TEST_CPPFLAGS)
