EXTRA_DIST += %D%/spool-format.md
