libspanspool_a_SOURCES +=
