# Not part of "make check": figures, each beside the floor it is compared with.
EXTRA_PROGRAMS = %D%/bench_spool

%C%_bench_spool_CPPFLAGS = $(TEST_CPPFLAGS)

# make bench-spool BENCH_GIB=5 BENCH_DIR=/var/tmp
BENCH_GIB = 1
BENCH_DIR = /tmp
bench-spool: %D%/bench_spool$(EXEEXT)
	$(AM_V_at)%D%/bench_spool$(EXEEXT) $(BENCH_DIR) $(BENCH_GIB)
.PHONY: bench-spool
