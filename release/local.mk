# SPDX-License-Identifier: Apache-2.0
# What is published: make release.
EXTRA_DIST += %D%/release.sh %D%/sbom.sh %D%/spanspool.spec
CLEANFILES += SHA256SUMS $(PACKAGE)-$(VERSION).tar.xz $(PACKAGE)-$(VERSION).spdx.json

.PHONY: release
release:
	@MAKE='$(MAKE)' CC='$(CC)' $(SHELL) $(srcdir)/%D%/release.sh '$(srcdir)' '$(builddir)' '$(VERSION)'
