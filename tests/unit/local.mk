UNIT_TESTS = \
	%D%/test_base

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
