# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/span/agent_tags.h %D%/agent_tags.c \
	include/span/batch.h %D%/batch.c \
	include/span/batch_json.h %D%/batch_json.c \
	include/span/inspect.h %D%/inspect.c \
	include/span/transcode.h %D%/transcode.c \
	%D%/compact_reader.h %D%/compact_reader.c \
	%D%/client_report.h %D%/client_report.c \
	%D%/binary_writer.h %D%/binary_writer.c \
	%D%/schema.h %D%/schema.c \
	include/span/zipkin.h %D%/zipkin.c \
	%D%/zipkin_read.h %D%/zipkin_read.c \
	%D%/zipkin_span.h %D%/zipkin_span.c \
	%D%/zipkin_write.h %D%/zipkin_write.c \
	%D%/binary_reader.h %D%/binary_reader.c

# The generated Thrift types: a library of their own, because they do not meet our warning flags.
# Whoever uses them adds IDL_CPPFLAGS, and $(IDL_READY) before its objects.
IDL_THRIFT = src/idl/jaeger.thrift src/idl/zipkincore.thrift src/idl/agent.thrift
IDL_GEN = \
	src/idl/gen/jaeger_jaeger_types.c src/idl/gen/jaeger_jaeger_types.h \
	src/idl/gen/zipkin_zipkincore_types.c src/idl/gen/zipkin_zipkincore_types.h \
	src/idl/gen/agent_agent_types.c src/idl/gen/agent_agent_types.h
IDL_READY = src/idl/gen/stamp
IDL_CPPFLAGS = -I$(top_builddir)/src/idl $(THRIFT_CFLAGS)
EXTRA_DIST += $(IDL_THRIFT) src/idl/mend.awk
BUILT_SOURCES += $(IDL_READY)
CLEANFILES += $(IDL_READY) src/idl/gen/*.c src/idl/gen/*.h

noinst_LIBRARIES += libidl.a
nodist_libidl_a_SOURCES = $(IDL_GEN)
# The compiler gives a list of another namespace's structs the prefix of its own.
libidl_a_CPPFLAGS = $(IDL_CPPFLAGS) -DAGENT_TYPE_SPAN=ZIPKIN_TYPE_SPAN
libidl_a_CFLAGS = -std=gnu17 -w $(SAN_CFLAGS)

$(IDL_READY): $(IDL_THRIFT) src/idl/mend.awk
	@$(MKDIR_P) src/idl/gen
	@rm -f $@
	$(AM_V_GEN)for f in $(IDL_THRIFT); do \
		$(THRIFT_GEN) --gen c_glib -I $(srcdir)/src/idl -out src/idl/gen $(srcdir)/$$f || exit 1; \
	done; \
	for f in src/idl/gen/*_types.c; do \
		$(AWK) -f $(srcdir)/src/idl/mend.awk $$f >$$f.mended && mv $$f.mended $$f || exit 1; \
	done
	@touch $@

# One run of the compiler makes them all; a file that was deleted makes it run again.
$(IDL_GEN): $(IDL_READY)
	@test -f $@ || { rm -f $(IDL_READY); $(MAKE) $(AM_MAKEFLAGS) $(IDL_READY); }
