# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES = libspanspool.a
# Where cmd/program.c looks for the programs.
libspanspool_a_CPPFLAGS = $(PROGRAM_CPPFLAGS) -DBINDIR='"$(bindir)"' -DPKGLIBEXECDIR='"$(pkglibexecdir)"'
libspanspool_a_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(RDKAFKA_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS) \
	$(MHD_CFLAGS) $(GNUTLS_CFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS) $(XXHASH_CFLAGS) $(SYSTEMD_CFLAGS)
libspanspool_a_SOURCES =
nodist_libspanspool_a_SOURCES =

# One list a folder, beside the folder; from the ground floor up.
include %D%/base/local.mk
include %D%/config/local.mk
include %D%/telemetry/local.mk
include %D%/span/local.mk
include %D%/policy/local.mk
include %D%/loop/local.mk
include %D%/net/local.mk
include %D%/spool/local.mk
include %D%/kafka/local.mk
include %D%/http/local.mk
include %D%/exporter/local.mk
include %D%/quarantine/local.mk
include %D%/sampling/local.mk
include %D%/agent/local.mk
include %D%/drain/local.mk
include %D%/admin/local.mk
include %D%/cmd/local.mk
include %D%/testkit/local.mk

SPANSPOOL_LIBS = libspanspool.a $(UV_LIBS) $(LMDB_LIBS) $(RDKAFKA_LIBS) $(CURL_LIBS) $(ZLIB_LIBS) \
	$(MHD_LIBS) $(GNUTLS_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(XXHASH_LIBS) $(SYSTEMD_LIBS) -lm

bin_PROGRAMS = spanspool
spanspool_SOURCES = %D%/main.c
spanspool_CPPFLAGS = $(PROGRAM_CPPFLAGS)
spanspool_LDADD = $(SPANSPOOL_LIBS)
