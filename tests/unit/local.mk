UNIT_TESTS = \
	%D%/test_base \
	%D%/test_circuit \
	%D%/test_marks

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_circuit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_marks_CPPFLAGS = $(TEST_CPPFLAGS)
