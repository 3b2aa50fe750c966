# SPDX-License-Identifier: Apache-2.0
# Floors 2 to 5 on a real loop, and whole processes, before far ends that the test has in hand.
FLOW_TESTS = \
	%D%/test_addresses \
	%D%/test_admin \
	%D%/test_agent_attack \
	%D%/test_agent_breaker \
	%D%/test_agent_direct \
	%D%/test_agent_exposure \
	%D%/test_agent_flight \
	%D%/test_agent_input \
	%D%/test_agent_kafka \
	%D%/test_agent_kill \
	%D%/test_agent_lines \
	%D%/test_agent_log \
	%D%/test_agent_signals \
	%D%/test_agent_start \
	%D%/test_spool_moved \
	%D%/test_collector_told \
	%D%/test_confirmer \
	%D%/test_confirmer_away \
	%D%/test_confirmer_storm \
	%D%/test_descriptor_limit \
	%D%/test_descriptors \
	%D%/test_drain \
	%D%/test_drain_bad \
	%D%/test_drain_from_quarantine \
	%D%/test_drain_replay \
	%D%/test_drain_surface \
	%D%/test_drain_fault \
	%D%/test_pipeline \
	%D%/test_pipeline_exposure \
	%D%/test_pipeline_failing \
	%D%/test_pipeline_retry \
	%D%/test_pipeline_together \
	%D%/test_dispatcher_evidence \
	%D%/test_dispatcher_window \
	%D%/test_pipeline_fault \
	%D%/test_http_client \
	%D%/test_http_client_answers \
	%D%/test_http_client_bad \
	%D%/test_http_client_parts \
	%D%/test_http_client_secrets \
	%D%/test_http_client_tls \
	%D%/test_http_server \
	%D%/test_http_server_bad \
	%D%/test_http_server_tls \
	%D%/test_jaeger_metrics \
	%D%/test_kafka_consumer \
	%D%/test_kafka_errors \
	%D%/test_kafka_files \
	%D%/test_kafka_group \
	%D%/test_kafka_producer \
	%D%/test_kafka_properties \
	%D%/test_kafka_told \
	%D%/test_kafka_fault \
	%D%/test_loop \
	%D%/test_exporter \
	%D%/test_exporter_addresses \
	%D%/test_exporter_gzip \
	%D%/test_exporter_join \
	%D%/test_exporter_marks \
	%D%/test_exporter_flood \
	%D%/test_exporter_several \
	%D%/test_exporter_storm \
	%D%/test_exporter_fault \
	%D%/test_metrics_manual \
	%D%/test_quarantine_spool \
	%D%/test_quarantine_topic \
	%D%/test_sampling \
	%D%/test_secrets \
	%D%/test_reload \
	%D%/test_service \
	%D%/test_sockets \
	%D%/test_slow_names \
	%D%/test_spool_command \
	%D%/test_spool_owner \
	%D%/test_status \
	%D%/test_stub_collector \
	%D%/test_stub_metrics \
	%D%/test_stub_process \
	%D%/test_takeover \
	%D%/test_udp
FLOW_SHELL = \
	%D%/test_admin_access.sh \
	%D%/test_check_all.sh \
	%D%/test_command_line.sh \
	%D%/test_completion.sh \
	%D%/test_config_check.sh \
	%D%/test_container.sh \
	%D%/test_demo.sh \
	%D%/test_emit.sh \
	%D%/test_jaeger_flags.sh \
	%D%/test_jaeger_lines.sh \
	%D%/test_programs.sh \
	%D%/test_status_page.sh

check_PROGRAMS += $(FLOW_TESTS)
# The program before a name server that never answers.
check_PROGRAMS += %D%/slow_names_agent
%C%_slow_names_agent_SOURCES = src/main.c %D%/slow_names.c
TESTS += $(FLOW_TESTS) $(FLOW_SHELL)
EXTRA_DIST += $(FLOW_SHELL) %D%/browse.py

# The exporter before fake HTTP: the fake's objects come before the library's.
FAKE_HTTP = %D%/exporter_fixture.h %D%/fake_http.c %D%/fake_http.h
# The tests of the Kafka door reach a librdkafka handle, to plant a fatal error in it.
KAFKA_TEST_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/kafka
KAFKA_READER = %D%/kafka_group_fix.c %D%/kafka_group_fix.h
KAFKA_SENDER = %D%/kafka_sender.c %D%/kafka_sender.h

# The agent on a disk that the test can hold.
check_PROGRAMS += %D%/held_agent
%C%_held_agent_SOURCES = src/main.c %D%/held_agent.c
%C%_test_agent_input_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_agent_input_LDADD = $(SPAN_TEST_LIBS)
%C%_test_jaeger_metrics_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_jaeger_metrics_LDADD = $(SPAN_TEST_LIBS)
check_PROGRAMS += %D%/deaf_drain
%C%_deaf_drain_SOURCES = src/main.c %D%/deaf_drain.c
%C%_deaf_drain_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=drain_on_room
%C%_test_pipeline_exposure_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=spool_cycle
%C%_test_pipeline_retry_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=positions_set,--wrap=positions_reserve \
	-Wl,--wrap=refused_put,--wrap=spool_cycle
%C%_test_kafka_consumer_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_consumer_SOURCES = %D%/test_kafka_consumer.c $(KAFKA_READER)
%C%_test_kafka_errors_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_errors_SOURCES = %D%/test_kafka_errors.c $(KAFKA_SENDER)
%C%_test_kafka_files_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_files_SOURCES = %D%/test_kafka_files.c $(KAFKA_READER)
%C%_test_kafka_group_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_group_SOURCES = %D%/test_kafka_group.c $(KAFKA_READER)
%C%_test_kafka_properties_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_producer_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_producer_SOURCES = %D%/test_kafka_producer.c $(KAFKA_SENDER)
%C%_test_kafka_fault_CPPFLAGS = $(KAFKA_TEST_CPPFLAGS)
%C%_test_kafka_fault_SOURCES = %D%/test_kafka_fault.c $(KAFKA_SENDER)
%C%_test_exporter_SOURCES = %D%/test_exporter.c $(FAKE_HTTP)
%C%_test_exporter_addresses_SOURCES = %D%/test_exporter_addresses.c $(FAKE_HTTP)
%C%_test_exporter_gzip_SOURCES = %D%/test_exporter_gzip.c $(FAKE_HTTP)
%C%_test_exporter_join_SOURCES = %D%/test_exporter_join.c $(FAKE_HTTP)
%C%_test_exporter_marks_SOURCES = %D%/test_exporter_marks.c $(FAKE_HTTP)
%C%_test_exporter_storm_SOURCES = %D%/test_exporter_storm.c $(FAKE_HTTP)
%C%_test_exporter_fault_SOURCES = %D%/test_exporter_fault.c $(FAKE_HTTP)
%C%_test_quarantine_spool_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=spool_quarantine,--wrap=spool_has_file,--wrap=work_start
%C%_test_quarantine_topic_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=kafka_producer_send
%C%_test_udp_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=recvmmsg,--wrap=setsockopt

EXTRA_DIST += tests/data/jaeger-agent

# Headers that the files above include.
EXTRA_DIST += \
	%D%/confirmer_rig.h \
	%D%/exporter_fixture.h \
	%D%/pipeline_fixture.h \
	%D%/pageserver.h
