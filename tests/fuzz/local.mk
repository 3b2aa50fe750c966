# SPDX-License-Identifier: Apache-2.0
# The targets run over their seeds in every `make check`; with --enable-fuzz they are libFuzzer
# programs as well: `make fuzz FUZZ_SECONDS=20`.
FUZZ_SECONDS = 20

check_PROGRAMS += %D%/replay_batch %D%/replay_datagram %D%/replay_zipkin
TESTS += %D%/check_seeds.sh
EXTRA_DIST += %D%/check_seeds.sh %D%/run.sh tests/data/corpus tests/data/fuzz tests/data/zipkin

%C%_replay_batch_SOURCES = %D%/replay.c %D%/fuzz_batch.c
%C%_replay_datagram_SOURCES = %D%/replay.c %D%/fuzz_datagram.c
%C%_replay_zipkin_SOURCES = %D%/replay.c %D%/fuzz_zipkin.c

if FUZZ
noinst_PROGRAMS += %D%/fuzz_batch %D%/fuzz_datagram %D%/fuzz_zipkin
%C%_fuzz_batch_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_datagram_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_zipkin_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

.PHONY: fuzz
fuzz: all
	srcdir='$(srcdir)' builddir='$(builddir)' $(SHELL) $(srcdir)/%D%/run.sh $(FUZZ_SECONDS)

# Headers that the files above include.
EXTRA_DIST += \
	%D%/fuzz.h
