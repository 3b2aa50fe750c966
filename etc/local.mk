# SPDX-License-Identifier: Apache-2.0
# Units, the daemons' user, and the files of options. An administrator's own file is never written over.
SAMPLES = %D%/spanspool.yaml %D%/spanspool-drain.yaml
UNITS = %D%/spanspool.service %D%/spanspool-drain.service

# For those who watch: a dashboard and alert rules.
grafanadir = $(pkgdatadir)/grafana
dist_grafana_DATA = %D%/grafana/spanspool.json
prometheusdir = $(pkgdatadir)/prometheus
dist_prometheus_DATA = %D%/prometheus/spanspool-alerts.yaml

# Where each shell looks. An installation has no jaeger-agent of its own, but may have the link.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d

EXTRA_DIST += $(SAMPLES) $(UNITS:=.in) %D%/spanspool.sysusers

# What only packages install, and what images and clusters are made from.
EXTRA_DIST += %D%/default/spanspool %D%/default/spanspool-drain %D%/jaeger-agent.service.d/spanspool.conf \
	%D%/container/Containerfile %D%/container/root.sh \
	%D%/kubernetes/agent-daemonset.yaml %D%/kubernetes/agent-sidecar.yaml %D%/kubernetes/drain.yaml
CLEANFILES += $(UNITS)

systemdsystemunitdir = $(prefix)/lib/systemd/system
nodist_systemdsystemunit_DATA = $(UNITS)
dist_systemdsystemunit_DATA = %D%/spanspool.socket
sysusersdir = $(prefix)/lib/sysusers.d

SUFFIXES = .service.in .service
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(SED) -e 's|@bindir[@]|$(bindir)|' -e 's|@sysconfdir[@]|$(sysconfdir)|' $< >$@.new && mv $@.new $@

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)' '$(DESTDIR)$(sysusersdir)'
	$(INSTALL_DATA) '$(srcdir)/%D%/spanspool.sysusers' '$(DESTDIR)$(sysusersdir)/spanspool.conf'
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(zshcompletiondir)' '$(DESTDIR)$(fishcompletiondir)'
	$(INSTALL_DATA) '$(srcdir)/%D%/completion/spanspool.bash' '$(DESTDIR)$(bashcompletiondir)/spanspool'
	$(INSTALL_DATA) '$(srcdir)/%D%/completion/spanspool.zsh' '$(DESTDIR)$(zshcompletiondir)/_spanspool'
	$(INSTALL_DATA) '$(srcdir)/%D%/completion/spanspool.fish' '$(DESTDIR)$(fishcompletiondir)/spanspool.fish'
	ln -sf spanspool '$(DESTDIR)$(bashcompletiondir)/jaeger-agent'
	ln -sf spanspool.fish '$(DESTDIR)$(fishcompletiondir)/jaeger-agent.fish'
	for f in $(SAMPLES); do \
		to='$(DESTDIR)$(sysconfdir)'/$${f##*/}; \
		test -e "$$to" || $(INSTALL_DATA) "$(srcdir)/$$f" "$$to" || exit 1; \
	done

uninstall-local:
	rm -f '$(DESTDIR)$(sysusersdir)/spanspool.conf'
	rm -f '$(DESTDIR)$(bashcompletiondir)/spanspool' '$(DESTDIR)$(bashcompletiondir)/jaeger-agent'
	rm -f '$(DESTDIR)$(zshcompletiondir)/_spanspool'
	rm -f '$(DESTDIR)$(fishcompletiondir)/spanspool.fish' '$(DESTDIR)$(fishcompletiondir)/jaeger-agent.fish'
	for f in $(SAMPLES); do \
		to='$(DESTDIR)$(sysconfdir)'/$${f##*/}; \
		cmp -s "$(srcdir)/$$f" "$$to" && rm -f "$$to" || true; \
	done

# After a change of any option.
.PHONY: samples
samples: spanspool$(EXEEXT)
	./spanspool config sample agent >'$(srcdir)/%D%/spanspool.yaml'
	./spanspool config sample drain >'$(srcdir)/%D%/spanspool-drain.yaml'
	'$(srcdir)/man/conf-options.sh' ./spanspool '$(srcdir)/man/spanspool.conf.5' >spanspool.conf.5.new
	mv spanspool.conf.5.new '$(srcdir)/man/spanspool.conf.5'
