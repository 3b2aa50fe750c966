FLOW_TESTS = \
	%D%/test_http_client \
	%D%/test_http_client_bad \
	%D%/test_http_client_tls \
	%D%/test_http_server

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

%C%_test_http_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_client_bad_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_server_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_client_tls_CPPFLAGS = $(TEST_CPPFLAGS)
