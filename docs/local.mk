dist_doc_DATA = README.md NEWS.md %D%/ARCHITECTURE.md %D%/HACKING.md %D%/PERFORMANCE.md %D%/RELIABILITY.md %D%/spool-format.md
