/* SPDX-License-Identifier: Apache-2.0 */
/* Why records cannot be read or written: a cause for metrics, and a sentence for an operator. */
#ifndef KAFKA_FAULT_H
#define KAFKA_FAULT_H

#include "base/base.h"

#define KAFKA_CAUSES(X)                                                                                                \
	X(NONE, "none")                                                                                                \
	X(UNRESOLVED, "unresolved")   /* a broker's name has no address */                                             \
	X(UNREACHABLE, "unreachable") /* refused, reset, no route */                                                   \
	X(SILENT, "silent")           /* connected, but no response in time */                                         \
	X(TLS, "tls")                 /* the handshake failed, or the certificate is not trusted */                    \
	X(LOGIN, "login")             /* SASL authentication failed */                                                 \
	X(TOPIC_MISSING, "topic_missing")                                                                              \
	X(TOPIC_DENIED, "topic_denied")                                                                                \
	X(GROUP_DENIED, "group_denied")                                                                                \
	X(CLUSTER_DENIED, "cluster_denied")                                                                            \
	X(REFUSED, "refused") /* any other error from a broker */

#define X(name, text) KAFKA_CAUSE_##name,
enum kafka_cause { KAFKA_CAUSES(X) KAFKA_CAUSE_COUNT };
#undef X

/* "unresolved", …: for metric labels. */
const char *kafka_cause_name(enum kafka_cause cause);

enum { KAFKA_SENTENCE = 280 };

struct kafka_fault {
	enum kafka_cause cause; /* NONE while no error is known */
	bool misconfigured;     /* an operator must change something; else the cause may go away by itself */
	char sentence[KAFKA_SENTENCE];
	uint64_t counts[KAFKA_CAUSE_COUNT]; /* errors so far, by cause */
};

#endif
