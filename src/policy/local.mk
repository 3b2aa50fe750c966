libspanspool_a_SOURCES += \
	include/age.h %D%/age.c \
	include/answers.h %D%/answers.c \
	include/backoff.h %D%/backoff.c \
	include/bucket.h %D%/bucket.c \
	include/catchup.h %D%/catchup.c \
	include/circuit.h %D%/circuit.c \
	include/confirm.h %D%/confirm.c %D%/confirm_impl.h %D%/confirm_window.c \
	include/descriptor_share.h %D%/descriptor_share.c \
	include/drain_ledger.h %D%/drain_ledger.c \
	include/endpoint.h %D%/endpoint.c \
	include/evidence.h %D%/evidence.c \
	include/ledger.h %D%/ledger.c \
	include/marks.h %D%/marks.c %D%/marks_impl.h %D%/marks_save.c \
	include/pace.h %D%/pace.c \
	include/post_budget.h %D%/post_budget.c \
	include/replay_pace.h %D%/replay_pace.c \
	include/progress_rate.h %D%/progress_rate.c \
	include/replay.h %D%/replay.c \
	include/replay_counts.h %D%/replay_counts.c \
	include/slowstart.h %D%/slowstart.c \
	include/trend.h %D%/trend.c \
	include/watermark.h %D%/watermark.c
