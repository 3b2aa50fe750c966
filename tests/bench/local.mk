# Not run by check: a program each, and a target that runs it.
EXTRA_PROGRAMS += %D%/bench_transcode
CLEANFILES += %D%/bench_transcode
%C%_bench_transcode_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_bench_transcode_LDADD = $(SPAN_TEST_LIBS)

.PHONY: bench-transcode
bench-transcode: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) %D%/bench_transcode$(EXEEXT)
	@srcdir='$(srcdir)' %D%/bench_transcode$(EXEEXT)
