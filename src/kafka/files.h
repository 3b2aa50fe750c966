/* SPDX-License-Identifier: Apache-2.0 */
/* files.h — the files that properties name: certificates, keys, secrets. */
#ifndef KAFKA_FILES_H
#define KAFKA_FILES_H

#include "base/buf.h"
#include "kafka/producer.h"

/* Whether P names a file or directory. librdkafka reads it once, when a client is made. */
bool kafka_files_named_by(const struct kafka_property *p);

/* E_USAGE names the property and the file that cannot be read. */
int kafka_files_check(const struct kafka_property *p, struct why *why) MUST_USE;

/* Appends the first line of the file that P names to TO, which after an error is to be thrown away (secret_file.h). */
int kafka_files_secret(const struct kafka_property *p, struct buf *to, struct why *why) MUST_USE;

/* A hash of the contents of all files that the N properties P name: another one when a file was changed, came
 * or went. 0 when they name none. May block as long as the file system does. */
uint64_t kafka_files_hash(const struct kafka_property *p, size_t n);

#endif
