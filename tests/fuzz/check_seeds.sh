#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every seed and every kept find through the fuzz targets, in the plain build: TAP from replay.c.
data=${srcdir:-.}/tests/data
{
	"${builddir:-.}"/tests/fuzz/replay_datagram .bin "$data"/corpus || echo "not ok - replay_datagram ended with $?"
	"${builddir:-.}"/tests/fuzz/replay_datagram '' "$data"/fuzz/datagram || echo "not ok - replay_datagram ended with $?"
	"${builddir:-.}"/tests/fuzz/replay_zipkin .bin "$data"/corpus || echo "not ok - replay_zipkin ended with $?"
	"${builddir:-.}"/tests/fuzz/replay_zipkin '' "$data"/fuzz/zipkin || echo "not ok - replay_zipkin ended with $?"
	"${builddir:-.}"/tests/fuzz/replay_batch .tbinary "$data"/corpus || echo "not ok - replay_batch ended with $?"
	"${builddir:-.}"/tests/fuzz/replay_batch '' "$data"/fuzz/batch || echo "not ok - replay_batch ended with $?"
} | sed -e '/^1\.\.[0-9]*$/d' -e 's/^\(not \)\{0,1\}ok [0-9]* - /\1ok - /'
echo 1..6
