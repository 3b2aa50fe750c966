FLOW_TESTS = \
	%D%/test_postman

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

# The postman before fake HTTP: the fake's objects come before the library's.
FAKE_HTTP = %D%/desk.h %D%/fake_http.c %D%/fake_http.h
%C%_test_postman_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_postman_SOURCES = %D%/test_postman.c $(FAKE_HTTP)
