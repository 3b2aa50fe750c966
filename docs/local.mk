dist_doc_DATA = README.md NEWS.md %D%/ARCHITECTURE.md %D%/HACKING.md
EXTRA_DIST += %D%/spool-format.md
