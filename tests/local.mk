# Every test links the library; its sources, and nothing else of the program, are compiled once.
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; export srcdir; builddir='$(builddir)'; export builddir; \
	CC='$(CC)'; export CC;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
TEST_EXTENSIONS = .sh

TEST_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/tests/lib
LDADD = $(SPANSPOOL_LIBS)

EXTRA_DIST += %D%/tools/check-floors.sh %D%/lib/tap.h %D%/lib/promtext.h
TESTS += %D%/tools/check-floors.sh

include %D%/unit/local.mk
include %D%/flow/local.mk
include %D%/real/local.mk
include %D%/fuzz/local.mk
include %D%/bench/local.mk
