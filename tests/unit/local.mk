UNIT_TESTS = \
	%D%/test_base \
	%D%/test_corpus \
	%D%/test_inspect \
	%D%/test_oracle \
	%D%/test_property \
	%D%/test_tags \
	%D%/test_transcode

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

%C%_test_base_CPPFLAGS = $(TEST_CPPFLAGS)

# What is held against the corpus or against Thrift's own library.
SPAN_TEST_CPPFLAGS = $(TEST_CPPFLAGS) $(IDL_CPPFLAGS) $(JANSSON_CFLAGS)
SPAN_TEST_LIBS = tests/lib/libspantest.a libidl.a $(SPANSPOOL_LIBS)

check_LIBRARIES = tests/lib/libspantest.a
tests_lib_libspantest_a_SOURCES = \
	tests/lib/corpus.c tests/lib/corpus.h tests/lib/edge.h tests/lib/guard.h \
	tests/lib/gen.c tests/lib/gen.h tests/lib/gen_wire.c tests/lib/gen_wire.h \
	tests/lib/oracle.c tests/lib/oracle.h
tests_lib_libspantest_a_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)

# Whoever includes the generated headers waits for them.
tests/lib/libspantest_a-oracle.$(OBJEXT) %D%/test_inspect-test_inspect.$(OBJEXT) \
%D%/test_corpus-test_corpus.$(OBJEXT) %D%/test_oracle-test_oracle.$(OBJEXT) \
%D%/test_property-test_property.$(OBJEXT) %D%/test_tags-test_tags.$(OBJEXT): $(IDL_READY)

%C%_test_corpus_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_corpus_LDADD = $(SPAN_TEST_LIBS)
%C%_test_oracle_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_oracle_LDADD = $(SPAN_TEST_LIBS)
%C%_test_property_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_property_LDADD = $(SPAN_TEST_LIBS)
%C%_test_transcode_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_transcode_LDADD = $(SPAN_TEST_LIBS)
%C%_test_inspect_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_inspect_LDADD = $(SPAN_TEST_LIBS)
%C%_test_tags_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_tags_LDADD = $(SPAN_TEST_LIBS)
