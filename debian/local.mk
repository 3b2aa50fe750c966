# SPDX-License-Identifier: Apache-2.0
# Debian's packages, built from the tarball: make deb.
EXTRA_DIST += %D%/changelog %D%/control %D%/copyright %D%/rules %D%/source/format \
	%D%/spanspool.install %D%/spanspool.postrm \
	%D%/spanspool-testkit.install \
	%D%/spanspool-jaeger-agent.install %D%/spanspool-jaeger-agent.links \
	%D%/spanspool-jaeger-agent.postinst %D%/spanspool-jaeger-agent.postrm %D%/spanspool-jaeger-agent.preinst

# The packages lie in deb/ then. DEB_BUILD_OPTIONS=nocheck leaves the tests out.
.PHONY: deb
deb: dist-xz
	rm -rf deb && mkdir deb
	tar xf '$(distdir).tar.xz' -C deb
	cd 'deb/$(distdir)' && dpkg-buildpackage -us -uc

clean-local:
	rm -rf deb
