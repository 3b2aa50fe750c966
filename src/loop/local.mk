# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += include/loop/loop.h %D%/loop.c %D%/detached.c
