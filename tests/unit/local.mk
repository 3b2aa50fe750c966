# SPDX-License-Identifier: Apache-2.0
# Floors 0 and 1, and the spool: nothing but memory and a temporary directory is needed.
UNIT_TESTS = \
	%D%/test_max_age \
	%D%/test_agent_tags \
	%D%/test_response_class \
	%D%/test_backoff \
	%D%/test_base \
	%D%/test_batch_json \
	%D%/test_token_bucket \
	%D%/test_catchup \
	%D%/test_child \
	%D%/test_circuit \
	%D%/test_client_stats \
	%D%/test_collector_cause \
	%D%/test_conf \
	%D%/test_delivery_watch \
	%D%/test_conf_file \
	%D%/test_conf_names \
	%D%/test_conf_print \
	%D%/test_confirm \
	%D%/test_confirm_pause \
	%D%/test_confirm_reading \
	%D%/test_confirm_slowest \
	%D%/test_corpus \
	%D%/test_descriptor_share \
	%D%/test_demo_verdict \
	%D%/test_disk_fault \
	%D%/test_drain_ledger \
	%D%/test_emitter \
	%D%/test_endpoint \
	%D%/test_evidence \
	%D%/test_exposure \
	%D%/test_failing \
	%D%/test_health \
	%D%/test_history \
	%D%/test_inspect \
	%D%/test_jaeger_kafka \
	%D%/test_kafka_cause \
	%D%/test_kept \
	%D%/test_ledger \
	%D%/test_ledger_page \
	%D%/test_ledger_read \
	%D%/test_log \
	%D%/test_positions \
	%D%/test_metrics \
	%D%/test_metrics_page \
	%D%/test_rate_schedule \
	%D%/test_suggestion \
	%D%/test_numbered_spans \
	%D%/test_oracle \
	%D%/test_exporter_check \
	%D%/test_property \
	%D%/test_post_budget \
	%D%/test_replay_pace \
	%D%/test_replay \
	%D%/test_replay_counts \
	%D%/test_progress_rate \
	%D%/test_reporter \
	%D%/test_retry_after \
	%D%/test_sampling \
	%D%/test_secret_file \
	%D%/test_slowstart \
	%D%/test_stall \
	%D%/test_spool \
	%D%/test_spool_bits \
	%D%/test_spool_damage \
	%D%/test_spool_directory \
	%D%/test_spool_fault \
	%D%/test_spool_kill \
	%D%/test_spool_format \
	%D%/test_spool_links \
	%D%/test_spool_inspect \
	%D%/test_spool_memory \
	%D%/test_spool_repair \
	%D%/test_spool_repair_state \
	%D%/test_spool_names \
	%D%/test_spool_older \
	%D%/test_spool_space \
	%D%/test_status_text \
	%D%/test_stub_store \
	%D%/test_tags \
	%D%/test_tally \
	%D%/test_transcode \
	%D%/test_rate \
	%D%/test_rig \
	%D%/test_watermark \
	%D%/test_zipkin

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

SPOOL_STORY = tests/lib/spool_history.c tests/lib/spool_history.h tests/lib/fault.c tests/lib/fault.h
# What is held against the corpus or against Thrift's own library.
SPAN_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(IDL_CPPFLAGS)
SPAN_TEST_LIBS = tests/lib/libspantest.a tests/lib/libtest.a libidl.a $(TESTKIT_LIBS)
check_LIBRARIES += tests/lib/libspantest.a
tests_lib_libspantest_a_SOURCES = \
	tests/lib/corpus.c tests/lib/corpus.h tests/lib/edge.h tests/lib/guard.h \
	tests/lib/gen.c tests/lib/gen.h tests/lib/gen_wire.c tests/lib/gen_wire.h \
	tests/lib/oracle.c tests/lib/oracle.h
tests_lib_libspantest_a_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
# Whoever includes the generated headers waits for them.
tests/lib/libspantest_a-oracle.$(OBJEXT) %D%/test_inspect-test_inspect.$(OBJEXT) \
%D%/test_corpus-test_corpus.$(OBJEXT) %D%/test_oracle-test_oracle.$(OBJEXT) \
%D%/test_property-test_property.$(OBJEXT) %D%/test_tags-test_tags.$(OBJEXT): $(IDL_READY)

%C%_test_batch_json_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_batch_json_LDADD = $(SPAN_TEST_LIBS)
%C%_test_corpus_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_corpus_LDADD = $(SPAN_TEST_LIBS)
%C%_test_delivery_watch_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/agent
%C%_test_demo_verdict_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/testkit
%C%_test_inspect_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_inspect_LDADD = $(SPAN_TEST_LIBS)
%C%_test_history_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/admin
%C%_test_rate_schedule_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/testkit
%C%_test_oracle_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_oracle_LDADD = $(SPAN_TEST_LIBS)
%C%_test_property_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_property_LDADD = $(SPAN_TEST_LIBS)
%C%_test_spool_directory_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/cmd
%C%_test_spool_fault_SOURCES = %D%/test_spool_fault.c $(SPOOL_STORY)
%C%_test_spool_kill_SOURCES = %D%/test_spool_kill.c $(SPOOL_STORY)
%C%_test_spool_format_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/spool
%C%_test_spool_names_SOURCES = %D%/test_spool_names.c tests/lib/fault.c
%C%_test_spool_repair_state_SOURCES = %D%/test_spool_repair_state.c tests/lib/fault.c
%C%_test_spool_repair_SOURCES = %D%/test_spool_repair.c tests/lib/fault.c
%C%_test_spool_space_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/spool
%C%_test_status_text_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/cmd
%C%_test_stub_store_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/testkit \
	-iquote $(top_srcdir)/tests/campaign
%C%_test_stub_store_SOURCES = %D%/test_stub_store.c tests/campaign/sim_loop.c
%C%_test_tags_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_tags_LDADD = $(SPAN_TEST_LIBS)
%C%_test_transcode_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_transcode_LDADD = $(SPAN_TEST_LIBS)
%C%_test_kafka_cause_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/kafka

# Headers that the files above include.
EXTRA_DIST += \
	%D%/conf_fixture.h \
	%D%/confirm_fixture.h \
	%D%/spool_mix.h
%C%_test_zipkin_CPPFLAGS = $(SPAN_TEST_CPPFLAGS)
%C%_test_zipkin_LDADD = $(SPAN_TEST_LIBS)
%C%_test_sampling_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/src/sampling
