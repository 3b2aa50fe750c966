# SPDX-License-Identifier: Apache-2.0
# Real Apache Kafka, a real Jaeger collector, unchanged clients. They take minutes and ports of their
# own, so they are not part of "make check": "make check-real" runs them, one after the other.
REAL_TESTS = \
	%D%/test_clients.sh \
	%D%/test_beside.sh \
	%D%/test_broker.sh \
	%D%/test_refused.sh \
	%D%/test_rotation.sh \
	%D%/test_cluster.sh \
	%D%/test_rebalance.sh \
	%D%/test_java.sh \
	%D%/test_sampling.sh \
	%D%/test_story.sh \
	%D%/test_demo.sh \
	%D%/test_package.sh

EXTRA_DIST += $(REAL_TESTS) \
	%D%/lib.sh %D%/kafka.sh %D%/jaeger.sh %D%/clients.sh %D%/stand.sh %D%/demo.sh %D%/outage.sh %D%/backlog.sh \
	%D%/confirm_cost.sh %D%/host.sh \
	%D%/clients/compare.py %D%/clients/beside.py %D%/clients/java/Send.java %D%/clients/java/Capture.java %D%/clients/java/pom.xml \
	%D%/clients/node/send.js %D%/clients/node/sample.js %D%/clients/node/package.json \
	%D%/clients/node/package-lock.json %D%/clients/python/send.py %D%/clients/python/sample.py \
	%D%/clients/python/requirements.txt \
	%D%/clients/go/go.mod %D%/clients/go/go.sum %D%/clients/go/told/told.go %D%/clients/go/jaeger/main.go \
	%D%/clients/go/otel/main.go %D%/clients/go/sample/main.go %D%/clients/go/stored/main.go

noinst_PROGRAMS += %D%/tally %D%/topics %D%/relay

%C%_tally_SOURCES = %D%/tally.c %D%/tally_topic.c
%C%_tally_LDADD = $(TESTKIT_LIBS)
%C%_topics_SOURCES = %D%/topics.c %D%/commits.c %D%/commits.h tests/campaign/wire_reader.h
%C%_topics_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/tests/campaign
%C%_topics_LDADD = $(RDKAFKA_LIBS)
%C%_relay_LDADD =

.PHONY: check-real demo-real
check-real: all tests/lib/stubcollector$(EXEEXT)
	$(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(REAL_TESTS)' TEST_SUITE_LOG=%D%/test-suite.log

demo-real: all
	SPANSPOOL_BUILD='$(abs_builddir)' bash '$(srcdir)/%D%/demo.sh'

# Headers that the files above include.
EXTRA_DIST += \
	%D%/tally_in.h
