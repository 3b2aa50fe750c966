# SPDX-License-Identifier: Apache-2.0
# Every test links the libraries of the daemon and of the test kit: their sources are compiled once.
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; export srcdir; builddir='$(builddir)'; export builddir; \
	CC='$(CC)'; export CC;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
TEST_EXTENSIONS = .sh
# A test that hangs is named, and ends the run of itself alone.
LOG_COMPILER = timeout -k 10 600
SH_LOG_COMPILER = timeout -k 10 1500 $(SHELL)

# A test of one file needs no line but its own in the folder's list: AM_CPPFLAGS and LDADD are those of tests.
LDADD = tests/lib/libtest.a $(TESTKIT_LIBS)

TOOL_TESTS = \
	%D%/tools/check-alerts.sh \
	%D%/tools/check-docs.sh \
	%D%/tools/check-floors.sh \
	%D%/tools/check-kubernetes.sh \
	%D%/tools/check-release.sh \
	%D%/tools/check-rpm.sh \
	%D%/tools/check-size.sh \
	%D%/tools/check-units.sh
TESTS += $(TOOL_TESTS)
EXTRA_DIST += $(TOOL_TESTS) %D%/README.md %D%/tools/check-all.sh %D%/tools/check-format.sh %D%/tools/alerts-test.yaml \
	%D%/tools/check-kubernetes.py

include %D%/lib/local.mk
include %D%/unit/local.mk
include %D%/flow/local.mk
include %D%/real/local.mk
include %D%/fuzz/local.mk
include %D%/bench/local.mk
include %D%/campaign/local.mk

# Lays out every C file as tests/tools/check-format.sh wants it.
.PHONY: format
format:
	find $(srcdir)/src $(srcdir)/include $(srcdir)/tests -name '*.[ch]' -exec clang-format -i {} +
