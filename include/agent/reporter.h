/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger-agent's options that have no meaning of their own here: the reporter's become the collector's, and others are
 * accepted with a warning. */
#ifndef AGENT_REPORTER_H
#define AGENT_REPORTER_H

#include "base/units.h"
#include "config/conf.h"

struct reporter_settings {
	const char *type;
	struct conf_list hosts; /* gRPC targets: "host:14250", "dns:///host:14250" */
	uint64_t retry_max;     /* accepted, without effect */
	uint64_t min_peers;     /* accepted, without effect */
	bool tls;
	const char *ca, *cert, *key; /* paths, PEM */
	const char *server_name;
	bool skip_host_verify;
};

/* Rows of struct reporter_settings, and the names of older releases. */
extern const struct conf_row reporter_rows[];

/* Reads TARGET, a gRPC target or a host:port of an older release, as the address of the same collector's HTTP port:
 * 14250 (gRPC) and 14267 (tchannel) become 14268. E_USAGE names the target. */
int reporter_collector(const char *target, struct hostport *at, struct why *why) MUST_USE;

/* Sets the defaults of collector.url and the collector's TLS options from SET, and warns of each option of
 * jaeger-agent that is set and has no effect. TO_KAFKA: spans go to Kafka, so collectors only give sampling
 * strategies. 0, or E_USAGE with the option's name. */
int reporter_finish(struct conf *c, const struct reporter_settings *set, bool to_kafka, struct why *why) MUST_USE;

#endif
