UNIT_TESTS = \
	%D%/test_base \
	$(SPOOL_TESTS)

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)

SPOOL_TESTS = \
	%D%/test_spool \
	%D%/test_spool_bits \
	%D%/test_spool_damage \
	%D%/test_spool_fault \
	%D%/test_spool_kill \
	%D%/test_spool_layout \
	%D%/test_spool_memory \
	%D%/test_spool_tail
SPOOL_KIT = tests/lib/spool_kit.c tests/lib/spool_kit.h tests/lib/tempdir.h
SPOOL_STORY = tests/lib/spool_story.c tests/lib/spool_story.h tests/lib/fault.c tests/lib/fault.h

%C%_test_spool_SOURCES = %D%/test_spool.c $(SPOOL_KIT)
%C%_test_spool_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_damage_SOURCES = %D%/test_spool_damage.c $(SPOOL_KIT)
%C%_test_spool_damage_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_kill_SOURCES = %D%/test_spool_kill.c $(SPOOL_KIT) $(SPOOL_STORY)
%C%_test_spool_kill_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_fault_SOURCES = %D%/test_spool_fault.c $(SPOOL_KIT) $(SPOOL_STORY)
%C%_test_spool_fault_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_layout_SOURCES = %D%/test_spool_layout.c $(SPOOL_KIT)
%C%_test_spool_layout_CPPFLAGS = $(TEST_CPPFLAGS) -iquote $(top_srcdir)/src/spool
%C%_test_spool_memory_SOURCES = %D%/test_spool_memory.c $(SPOOL_KIT)
%C%_test_spool_memory_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_tail_SOURCES = %D%/test_spool_tail.c $(SPOOL_KIT)
%C%_test_spool_tail_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spool_bits_SOURCES = %D%/test_spool_bits.c $(SPOOL_KIT)
%C%_test_spool_bits_CPPFLAGS = $(TEST_CPPFLAGS)
