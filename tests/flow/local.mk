FLOW_TESTS = \
	%D%/test_admin \
	%D%/test_forward \
	%D%/test_http_client \
	%D%/test_http_client_bad \
	%D%/test_http_client_tls \
	%D%/test_http_server \
	%D%/test_postman \
	%D%/test_postman_storm \
	%D%/test_postman_trouble \
	%D%/test_udp

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

%C%_test_admin_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_test_forward_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_client_bad_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_client_tls_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_http_server_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_postman_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_postman_SOURCES = %D%/test_postman.c $(FAKE_HTTP)
%C%_test_postman_storm_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_postman_storm_SOURCES = %D%/test_postman_storm.c $(FAKE_HTTP)
%C%_test_postman_trouble_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_postman_trouble_SOURCES = %D%/test_postman_trouble.c $(FAKE_HTTP)
%C%_test_udp_CPPFLAGS = $(TEST_CPPFLAGS)

# The postman before fake HTTP: the fake's objects come before the library's.
FAKE_HTTP = %D%/desk.h %D%/fake_http.c %D%/fake_http.h
