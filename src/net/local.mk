# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += include/net/udp.h %D%/udp.c
