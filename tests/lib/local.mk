# SPDX-License-Identifier: Apache-2.0
# Fixtures of several tests. Every test links libtest.a; a test that uses none of it links none of it.
check_LIBRARIES = %D%/libtest.a
%C%_libtest_a_SOURCES = %D%/drain_process.c %D%/dir_hash.c %D%/spool_fixture.c %D%/agent_process.c

EXTRA_DIST += %D%/drain_process.h
EXTRA_DIST += %D%/batchmake.h
EXTRA_DIST += %D%/clienttest.h
EXTRA_DIST += %D%/corpus.h
EXTRA_DIST += %D%/edge.h
EXTRA_DIST += %D%/fakeclock.h
EXTRA_DIST += %D%/fault.h
EXTRA_DIST += %D%/gen.h
EXTRA_DIST += %D%/gen_wire.h
EXTRA_DIST += %D%/guard.h
EXTRA_DIST += %D%/http_server_fixture.h
EXTRA_DIST += %D%/loglines.h
EXTRA_DIST += %D%/looptest.h
EXTRA_DIST += %D%/mockproc.h
EXTRA_DIST += %D%/must.h
EXTRA_DIST += %D%/oracle.h
EXTRA_DIST += %D%/dir_hash.h
EXTRA_DIST += %D%/promtext.h
EXTRA_DIST += %D%/resolver.h
EXTRA_DIST += %D%/sink_held.h
EXTRA_DIST += %D%/spool_fixture.h
EXTRA_DIST += %D%/spool_history.h
EXTRA_DIST += %D%/agent_process.h
EXTRA_DIST += %D%/tap.h
EXTRA_DIST += %D%/tap_together.h
EXTRA_DIST += %D%/tempdir.h
EXTRA_DIST += %D%/topic_read.h
EXTRA_DIST += %D%/wait.h

# The far ends in processes of their own, spoken to by mockproc.h.
check_PROGRAMS += %D%/mockbroker %D%/stubcollector
