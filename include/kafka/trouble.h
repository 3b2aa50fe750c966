/* SPDX-License-Identifier: Apache-2.0 */
/* Why records do not pass, in one sentence for an operator. */
#ifndef KAFKA_TROUBLE_H
#define KAFKA_TROUBLE_H

#include "base/base.h"

#define KAFKA_CAUSES(X)                                                                                                \
	X(NONE, "none")                                                                                                \
	X(UNRESOLVED, "unresolved")   /* a broker's name has no address */                                             \
	X(UNREACHABLE, "unreachable") /* refused, reset, no route */                                                   \
	X(SILENT, "silent")           /* connected, and no answer in time */                                           \
	X(TLS, "tls")                 /* no handshake, or a certificate that is not trusted */                         \
	X(LOGIN, "login")             /* SASL: refused, or not possible */                                             \
	X(TOPIC_MISSING, "topic_missing")                                                                              \
	X(TOPIC_DENIED, "topic_denied")                                                                                \
	X(GROUP_DENIED, "group_denied")                                                                                \
	X(CLUSTER_DENIED, "cluster_denied")                                                                            \
	X(REFUSED, "refused") /* anything else that a broker answers */

#define X(name, text) KAFKA_CAUSE_##name,
enum kafka_cause { KAFKA_CAUSES(X) KAFKA_CAUSE_COUNT };
#undef X

/* "unresolved", …: for labels. */
const char *kafka_cause_name(enum kafka_cause cause);

enum { KAFKA_SENTENCE = 280 };

struct kafka_trouble {
	enum kafka_cause cause; /* NONE while records pass, as far as is known */
	bool misconfigured;     /* somebody must change something; else it may pass by itself */
	char sentence[KAFKA_SENTENCE];
	uint64_t counts[KAFKA_CAUSE_COUNT]; /* errors so far, by cause */
};

#endif
