FLOW_TESTS = \
	%D%/test_kafka_consumer \
	%D%/test_kafka_errors \
	%D%/test_kafka_group \
	%D%/test_kafka_producer \
	%D%/test_kafka_trouble

check_PROGRAMS += $(FLOW_TESTS)
TESTS += $(FLOW_TESTS)

# The tests of the Kafka door reach a librdkafka handle, to plant a fatal error in it.
KAFKA_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -iquote $(top_srcdir)/src/kafka
KAFKA_READER = %D%/kafka_group_fix.c %D%/kafka_group_fix.h
KAFKA_SENDER = %D%/kafka_sender.c %D%/kafka_sender.h

%C%_test_kafka_consumer_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_consumer_SOURCES = %D%/test_kafka_consumer.c $(KAFKA_READER)
%C%_test_kafka_errors_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_errors_SOURCES = %D%/test_kafka_errors.c $(KAFKA_SENDER)
%C%_test_kafka_group_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_group_SOURCES = %D%/test_kafka_group.c $(KAFKA_READER)
%C%_test_kafka_producer_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_producer_SOURCES = %D%/test_kafka_producer.c $(KAFKA_SENDER)
%C%_test_kafka_trouble_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_trouble_SOURCES = %D%/test_kafka_trouble.c $(KAFKA_SENDER)
