UNIT_TESTS = \
	%D%/test_base \
	%D%/test_health \
	%D%/test_metrics \
	%D%/test_retry_after

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_health_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_retry_after_CPPFLAGS = $(TEST_CPPFLAGS)
