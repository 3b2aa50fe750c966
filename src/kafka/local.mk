libspanspool_a_SOURCES += \
	include/kafka_consumer.h \
	include/kafka_mock.h \
	include/kafka_producer.h
