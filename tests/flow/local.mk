FLOW_TESTS =
FLOW_TESTS += %D%/test_forward
FLOW_TESTS += %D%/test_udp

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

%C%_test_forward_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_udp_CPPFLAGS = $(TEST_CPPFLAGS)

FLOW_SCRIPTS = \
	%D%/test_command_line.sh
EXTRA_DIST += $(FLOW_SCRIPTS)
TESTS += $(FLOW_SCRIPTS)
