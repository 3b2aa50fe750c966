UNIT_TESTS = \
	%D%/test_answers \
	%D%/test_backoff \
	%D%/test_base \
	%D%/test_bucket \
	%D%/test_endpoint \
	%D%/test_health \
	%D%/test_metrics \
	%D%/test_slowstart \
	%D%/test_watermark

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_answers_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_backoff_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_bucket_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_endpoint_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_health_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_slowstart_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_watermark_CPPFLAGS = $(TEST_CPPFLAGS)
