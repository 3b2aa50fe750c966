UNIT_TESTS = \
	%D%/test_base \
	%D%/test_circuit \
	%D%/test_conf \
	%D%/test_conf_file \
	%D%/test_conf_print \
	%D%/test_corpus \
	%D%/test_health \
	%D%/test_marks \
	%D%/test_metrics \
	%D%/test_near

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_circuit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conf_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conf_SOURCES = %D%/test_conf.c %D%/conf_fixture.h
%C%_test_conf_file_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conf_file_SOURCES = %D%/test_conf_file.c %D%/conf_fixture.h
%C%_test_conf_print_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conf_print_SOURCES = %D%/test_conf_print.c %D%/conf_fixture.h
%C%_test_corpus_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_corpus_LDADD = $(SPAN_TEST_LIBS)
%C%_test_health_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_marks_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_near_CPPFLAGS = $(TEST_CPPFLAGS)

# What is held against the corpus or against Thrift's own library.
SPAN_TEST_CPPFLAGS = $(TEST_CPPFLAGS) $(IDL_CPPFLAGS) $(JANSSON_CFLAGS)
SPAN_TEST_LIBS = tests/lib/libspantest.a libidl.a $(SPANSPOOL_LIBS)
check_LIBRARIES = tests/lib/libspantest.a
tests_lib_libspantest_a_SOURCES = \
	tests/lib/corpus.c tests/lib/corpus.h tests/lib/guard.h \
	tests/lib/oracle.c tests/lib/oracle.h
tests_lib_libspantest_a_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
