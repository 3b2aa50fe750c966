# SPDX-License-Identifier: Apache-2.0
dist_man_MANS = \
	%D%/spanspool.1 \
	%D%/spanspool-config.1 \
	%D%/spanspool-demo.1 \
	%D%/spanspool-emit.1 \
	%D%/spanspool-status.1 \
	%D%/spanspool.conf.5 \
	%D%/spanspool-metrics.7 \
	%D%/spanspool-agent.8 \
	%D%/spanspool-drain.8 \
	%D%/spanspool-spool.8
EXTRA_DIST += %D%/conf-options.sh
