# SPDX-License-Identifier: Apache-2.0
libspanspool_a_SOURCES += \
	include/policy/max_age.h %D%/max_age.c \
	include/policy/response_class.h %D%/response_class.c \
	include/policy/backoff.h %D%/backoff.c \
	include/policy/token_bucket.h %D%/token_bucket.c \
	include/policy/catchup.h %D%/catchup.c \
	include/policy/cause_counts.h %D%/cause_counts.c \
	include/policy/circuit.h %D%/circuit.c \
	include/policy/client_stats.h %D%/client_stats.c \
	include/policy/confirm.h %D%/confirm.c %D%/confirm_internal.h %D%/confirm_window.c \
	include/policy/descriptor_share.h %D%/descriptor_share.c \
	include/policy/disk_fault.h %D%/disk_fault.c \
	include/policy/drain_ledger.h %D%/drain_ledger.c \
	include/policy/endpoint.h %D%/endpoint.c \
	include/policy/evidence.h %D%/evidence.c \
	include/policy/exposure.h %D%/exposure.c \
	include/policy/failing.h %D%/failing.c \
	include/policy/ledger.h %D%/ledger.c \
	include/policy/positions.h %D%/positions.c %D%/positions_internal.h %D%/positions_save.c \
	include/policy/pace.h %D%/pace.c \
	include/policy/post_budget.h %D%/post_budget.c \
	include/policy/replay_pace.h %D%/replay_pace.c \
	include/policy/progress_rate.h %D%/progress_rate.c \
	include/policy/replay.h %D%/replay.c \
	include/policy/replay_counts.h %D%/replay_counts.c \
	include/policy/slowstart.h %D%/slowstart.c \
	include/policy/stall.h %D%/stall.c \
	include/policy/rate.h %D%/rate.c \
	include/policy/watermark.h %D%/watermark.c
