# SPDX-License-Identifier: Apache-2.0
dist_doc_DATA = README.md NEWS.md CONTRIBUTING.md SECURITY.md %D%/ARCHITECTURE.md %D%/DROP-IN.md %D%/HACKING.md %D%/OPERATIONS.md %D%/PERFORMANCE.md %D%/RELIABILITY.md %D%/spool-format.md
