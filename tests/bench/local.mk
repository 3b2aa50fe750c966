# SPDX-License-Identifier: Apache-2.0
# Not run by check: a program each, and a target that runs it.
EXTRA_PROGRAMS += %D%/bench_transcode
CLEANFILES += %D%/bench_transcode
%C%_bench_transcode_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_bench_transcode_LDADD = $(SPAN_TEST_LIBS)

.PHONY: bench-transcode
bench-transcode: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) %D%/bench_transcode$(EXEEXT)
	@srcdir='$(srcdir)' %D%/bench_transcode$(EXEEXT)

EXTRA_PROGRAMS += %D%/bench_positions
CLEANFILES += %D%/bench_positions

.PHONY: bench-marks
bench-marks: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) %D%/bench_positions$(EXEEXT)
	@%D%/bench_positions$(EXEEXT)

EXTRA_PROGRAMS += %D%/bench_http
CLEANFILES += %D%/bench_http

.PHONY: bench-http
bench-http: all
	@$(MAKE) $(AM_MAKEFLAGS) %D%/bench_http$(EXEEXT) tests/lib/stubcollector$(EXEEXT)
	@builddir='$(builddir)' %D%/bench_http$(EXEEXT)

# The agent as a process, beside floors; run.sh runs all of them and prints one report.
AGENT_BENCHES = %D%/bench_agent %D%/bench_direct %D%/bench_latency %D%/bench_memory %D%/bench_sampling %D%/bench_store
EXTRA_PROGRAMS += $(AGENT_BENCHES) %D%/bench_floor
CLEANFILES += $(AGENT_BENCHES) %D%/bench_floor
MEASURE = %D%/measure.c %D%/measure.h
%C%_bench_agent_SOURCES = %D%/bench_agent.c $(MEASURE)
%C%_bench_direct_SOURCES = %D%/bench_direct.c $(MEASURE)
%C%_bench_latency_SOURCES = %D%/bench_latency.c $(MEASURE)
%C%_bench_memory_SOURCES = %D%/bench_memory.c $(MEASURE)
%C%_bench_sampling_SOURCES = %D%/bench_sampling.c $(MEASURE)
%C%_bench_store_SOURCES = %D%/bench_store.c $(MEASURE)

.PHONY: bench bench-short bench-programs
EXTRA_DIST += %D%/run.sh
bench-programs: all
	@$(MAKE) $(AM_MAKEFLAGS) $(AGENT_BENCHES) %D%/bench_floor %D%/bench_drain %D%/bench_drain_floor tests/lib/mockbroker tests/lib/stubcollector
BENCH_RUN = MAKE='$(MAKE)' SPANSPOOL_BUILD='$(abs_builddir)' srcdir='$(srcdir)' builddir='$(builddir)' $(SHELL) $(srcdir)/%D%/run.sh
bench: bench-programs
	@$(BENCH_RUN)
bench-short: bench-programs
	@$(BENCH_RUN) short
# Not part of "make check": figures, each beside the floor it is compared with.
EXTRA_PROGRAMS += %D%/bench_spool
CLEANFILES += %D%/bench_spool


# make bench-spool BENCH_GIB=5 BENCH_DIR=/var/tmp
BENCH_GIB = 1
BENCH_DIR = /tmp
bench-spool: %D%/bench_spool$(EXEEXT)
	$(AM_V_at)%D%/bench_spool$(EXEEXT) $(BENCH_DIR) $(BENCH_GIB)
.PHONY: bench-spool
EXTRA_PROGRAMS += %D%/bench_produce
CLEANFILES += %D%/bench_produce

.PHONY: bench-produce
bench-produce: %D%/bench_produce tests/lib/mockbroker
	builddir=. %D%/bench_produce

EXTRA_PROGRAMS += %D%/bench_drain %D%/bench_drain_floor
CLEANFILES += %D%/bench_drain %D%/bench_drain_floor
%C%_bench_drain_SOURCES = %D%/bench_drain.c $(MEASURE)

.PHONY: bench-drain
bench-drain: all
	@$(MAKE) $(AM_MAKEFLAGS) %D%/bench_drain$(EXEEXT) %D%/bench_drain_floor$(EXEEXT) tests/lib/mockbroker$(EXEEXT) tests/lib/stubcollector$(EXEEXT)
	@SPANSPOOL_BUILD='$(abs_builddir)' builddir='$(builddir)' %D%/bench_drain$(EXEEXT)
