# The contract, proven by force. Each takes --seed and --count; check runs a short share of each.
CAMPAIGNS = %D%/model %D%/powerloss %D%/corrupt
check_PROGRAMS += $(CAMPAIGNS)
TESTS += %D%/model %D%/powerloss %D%/corrupt

# The program's loop, clock and spool are met by a simulation.
%C%_model_SOURCES = %D%/model.c %D%/sim.h %D%/sim_loop.c %D%/sim_spool.c
%C%_model_CPPFLAGS = $(TEST_CPPFLAGS)

# Its own calls stand before those of libc.
%C%_powerloss_SOURCES = %D%/powerloss.c %D%/cases.c %D%/cases.h %D%/disklog.c %D%/disklog.h \
	%D%/disklog_cut.c tests/lib/spool_kit.c tests/lib/spool_kit.h tests/lib/spool_story.c \
	tests/lib/spool_story.h
%C%_powerloss_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_corrupt_SOURCES = %D%/corrupt.c %D%/cases.c %D%/cases.h %D%/damage.c %D%/damage.h %D%/image.c \
	%D%/image.h tests/lib/spool_kit.c tests/lib/spool_kit.h
%C%_corrupt_CPPFLAGS = $(TEST_CPPFLAGS)
# Bugs on purpose, which those two must find.
EXTRA_DIST += %D%/spool_plants.sh \
	%D%/plants/spool-checksum-not-verified.patch \
	%D%/plants/spool-foreign-not-refused.patch \
	%D%/plants/spool-older-state-preferred.patch \
	%D%/plants/spool-state-not-verified.patch \
	%D%/plants/spool-unlink-before-state.patch
