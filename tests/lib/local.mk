# What several tests share.
EXTRA_DIST += %D%/basin.h
EXTRA_DIST += %D%/batchmake.h
EXTRA_DIST += %D%/clienttest.h
EXTRA_DIST += %D%/corpus.h
EXTRA_DIST += %D%/edge.h
EXTRA_DIST += %D%/fakeclock.h
EXTRA_DIST += %D%/fault.h
EXTRA_DIST += %D%/gen.h
EXTRA_DIST += %D%/gen_wire.h
EXTRA_DIST += %D%/guard.h
EXTRA_DIST += %D%/housetest.h
EXTRA_DIST += %D%/looptest.h
EXTRA_DIST += %D%/mockproc.h
EXTRA_DIST += %D%/oracle.h
EXTRA_DIST += %D%/prints.h
EXTRA_DIST += %D%/promtext.h
EXTRA_DIST += %D%/resolver.h
EXTRA_DIST += %D%/spool_kit.h
EXTRA_DIST += %D%/spool_story.h
EXTRA_DIST += %D%/stage.h
EXTRA_DIST += %D%/tap.h
EXTRA_DIST += %D%/tempdir.h
EXTRA_DIST += %D%/topic_read.h
EXTRA_DIST += %D%/until.h

# The far ends in processes of their own, spoken to by mockproc.h.
check_PROGRAMS += %D%/mockbroker %D%/stubcollector
%C%_mockbroker_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_stubcollector_CPPFLAGS = $(TEST_CPPFLAGS)
