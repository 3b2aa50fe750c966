/* SPDX-License-Identifier: Apache-2.0 */
/* files.h — the files that properties refer to: certificates, keys, secrets. */
#ifndef KAFKA_FILES_H
#define KAFKA_FILES_H

#include "base/buf.h"
#include "kafka/producer.h"

/* True when the value of P is the path of a file or directory, which librdkafka reads once, when a client is
 * created. */
bool kafka_files_named_by(const struct kafka_property *p);

/* E_USAGE names the property and the file that cannot be read. */
int kafka_files_check(const struct kafka_property *p, struct why *why) MUST_USE;

/* Appends the first line of the file that P names to TO. After an error TO may hold a part of it (secret_file.h) and
 * must be discarded. */
int kafka_files_secret(const struct kafka_property *p, struct buf *to, struct why *why) MUST_USE;

/* A hash of the contents of all files that the N properties P refer to; 0 when they refer to none. It changes when a
 * file is changed, created or removed. Blocks as long as the file system does. */
uint64_t kafka_files_hash(const struct kafka_property *p, size_t n);

#endif
