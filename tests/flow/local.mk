FLOW_TESTS = \
	%D%/test_kafka_consumer \
	%D%/test_kafka_producer

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

# The tests of the Kafka door reach a librdkafka handle, to plant a fatal error in it.
%C%_test_kafka_consumer_CPPFLAGS = $(TEST_CPPFLAGS) -iquote $(top_srcdir)/src/kafka
%C%_test_kafka_producer_CPPFLAGS = $(TEST_CPPFLAGS) -iquote $(top_srcdir)/src/kafka
