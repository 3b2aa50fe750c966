libspanspool_a_SOURCES += \
	include/kafka_consumer.h %D%/kafka_consumer.c %D%/kafka_commit.c %D%/kafka_consumer_priv.h %D%/kafka_records.c \
	include/kafka_mock.h %D%/kafka_mock.c \
	include/kafka_producer.h %D%/kafka_producer.c %D%/kafka_producer_priv.h \
	include/kafka_trouble.h %D%/kafka_cause.c %D%/kafka_cause.h \
	%D%/kafka_conf.c %D%/kafka_conf.h \
	%D%/kafka_fetch.c \
	%D%/kafka_files.c %D%/kafka_files.h \
	%D%/kafka_group.c \
	include/kafka_names.h %D%/kafka_names.c \
	%D%/kafka_offsets.c %D%/kafka_offsets.h \
	%D%/kafka_said.c %D%/kafka_said.h \
	%D%/kafka_rules.c %D%/kafka_rules.h \
	%D%/kafka_handle.c %D%/kafka_handle.h \
	%D%/kafka_log.c %D%/kafka_log.h \
	%D%/kafka_member.c \
	%D%/kafka_mend.c \
	%D%/kafka_reports.c \
	%D%/kafka_sockets.c %D%/kafka_sockets.h \
	%D%/kafka_watch.c %D%/kafka_watch.h \
	%D%/kafka_wake.c %D%/kafka_wake.h
