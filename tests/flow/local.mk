FLOW_TESTS =
FLOW_TESTS += %D%/test_forward
FLOW_TESTS += %D%/test_udp

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

%C%_test_forward_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_udp_CPPFLAGS = $(TEST_CPPFLAGS)
