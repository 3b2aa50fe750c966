EXTRA_PROGRAMS += %D%/bench_produce
CLEANFILES += %D%/bench_produce
%C%_bench_produce_CPPFLAGS = $(TEST_CPPFLAGS)

.PHONY: bench-produce
bench-produce: %D%/bench_produce tests/lib/mockbroker
	builddir=. %D%/bench_produce
