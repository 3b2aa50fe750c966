/* SPDX-License-Identifier: Apache-2.0 */
/* reporter.c — turns jaeger-agent's gRPC reporter into a collector that is reached by HTTP.
 *
 *   reporter.grpc.host-port ──► collector.url       reporter.grpc.tls.* ──► https, collector.ca, .cert, .key …
 *
 * An option of the collector that is set by itself wins. */
#include <stdio.h>
#include <string.h>

#include "agent/reporter.h"
#include "base/buf.h"
#include "http/credentials.h"

enum { GRPC_PORT = 14250, TCHANNEL_PORT = 14267, HTTP_PORT = 14268 };

#define S struct reporter_settings
const struct conf_row reporter_rows[] = {
	CONF_TEXT(S, type, "reporter.type", "grpc", "no other is known; spans go to Kafka or by HTTP"),
	CONF_LIST_OF(S, hosts, "reporter.grpc.host-port", ",", "", false,
	        "the hosts become the collectors', port 14250 becomes 14268"),
	CONF_COUNT(S, retry_max, "reporter.grpc.retry.max", "3", "no effect: spans are sent until they are delivered"),
	CONF_COUNT(S, min_peers, "reporter.grpc.discovery.min-peers", "3", "no effect: every collector is used"),
	CONF_BOOL(S, tls, "reporter.grpc.tls.enabled", "false", "the collector is reached by https"),
	CONF_FILE_NAME(S, ca, "reporter.grpc.tls.ca", "", "becomes collector.ca"),
	CONF_FILE_NAME(S, cert, "reporter.grpc.tls.cert", "", "becomes collector.cert"),
	CONF_FILE_NAME(S, key, "reporter.grpc.tls.key", "", "becomes collector.key"),
	CONF_TEXT(S, server_name, "reporter.grpc.tls.server-name", "", "becomes collector.server-name"),
	CONF_BOOL(S, skip_host_verify, "reporter.grpc.tls.skip-host-verify", "false",
	        "becomes collector.skip-host-verify"),
	CONF_RENAMED("reporter.grpc.tls", "reporter.grpc.tls.enabled"),
	CONF_RENAMED("reporter.tchannel.host-port", "reporter.grpc.host-port"),
	CONF_RENAMED("collector.host-port", "reporter.grpc.host-port"),
	CONF_RENAMED("reporter.tchannel.discovery.min-peers", "reporter.grpc.discovery.min-peers"),
	CONF_RENAMED("discovery.min-peers", "reporter.grpc.discovery.min-peers"),
	CONF_IGNORED(
	        "reporter.tchannel.discovery.conn-check-timeout", "has no effect: collector.timeout bounds a request"),
	CONF_IGNORED("discovery.conn-check-timeout", "has no effect: collector.timeout bounds a request"),
	CONF_IGNORED("reporter.tchannel.report-timeout", "has no effect: collector.timeout bounds a request"),
	CONF_RENAMED("jaeger.tags", "agent.tags"),
	CONF_RENAMED("admin-http-port", "admin.http.host-port"),
	CONF_RENAMED("health-check-http-port", "admin.http.host-port"),
	CONF_END,
};
#undef S

#define LISTENER(name)                                                                                                 \
	{ "processor." name ".server-queue-size",                                                                      \
		"has no effect: datagrams do not queue, and flight.max-bytes bounds the memory" },                     \
	{                                                                                                              \
		"processor." name ".workers", "has no effect: one thread reads all ports"                              \
	}

/* Options that are accepted for jaeger-agent's sake alone, and the reason. */
static const struct {
	const char *option, *reason;
} without_effect[] = {
	LISTENER("jaeger-compact"),
	LISTENER("jaeger-binary"),
	LISTENER("zipkin-compact"),
	{ "reporter.grpc.retry.max", "has no effect: spans are sent until they are delivered; spool.max-bytes and "
	                             "spool.max-age are the bounds" },
	{ "reporter.grpc.discovery.min-peers", "has no effect: every collector of collector.url is used" },
};

static void warn_of_options_without_effect(struct conf *c)
{
	for (size_t i = 0; i < ARRAY_LEN(without_effect); i++)
		if (conf_origin(c, without_effect[i].option) != CONF_DEFAULT)
			conf_warn(c, without_effect[i].option, without_effect[i].reason);
}

/* The address within TARGET, behind a scheme of gRPC; NULL when the scheme names no TCP port. "dns:14250" has no
 * scheme: its host is called dns. */
static const char *target_address(const char *target)
{
	static const char *const schemes[] = { "dns:", "passthrough:", "ipv4:", "ipv6:" };

	if (strncmp(target, "unix:", 5) == 0 || strncmp(target, "unix-abstract:", 14) == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		const char *rest = target + strlen(schemes[i]);

		if (strncmp(target, schemes[i], strlen(schemes[i])) != 0)
			continue;
		if (strncmp(rest, "//", 2) != 0) /* behind "//" stands the name server, then '/' */
			return strchr(rest, ':') == NULL ? target : rest;
		return strchr(rest + 2, '/') == NULL ? rest + 2 : strchr(rest + 2, '/') + 1;
	}
	return target;
}

int reporter_collector(const char *target, struct hostport *at, struct why *why)
{
	const char *address = target_address(target);

	if (address == NULL)
		return why_set(
		        why, E_USAGE, "\"%.200s\" is a socket of this host: a collector is reached by TCP", target);
	if (units_hostport(address, at, why) < 0)
		return why->code;
	if (at->host[0] == '\0')
		return why_set(why, E_USAGE, "\"%.200s\" names no host", target);
	if (at->port == GRPC_PORT || at->port == TCHANNEL_PORT)
		at->port = HTTP_PORT;
	return 0;
}

static int check_type(struct conf *c, const struct reporter_settings *set, struct why *why)
{
	if (strcmp(set->type, "tchannel") == 0)
		conf_warn(c, "reporter.type", "is no longer known to jaeger-agent: spans go to Kafka or by HTTP");
	else if (strcmp(set->type, "grpc") != 0) {
		why_set(why, E_USAGE, "unknown reporter type \"%.60s\": only grpc is taken", set->type);
		return conf_add_source(c, "reporter.type", why);
	}
	return 0;
}

struct tls_option {
	const char *name;  /* behind "reporter.grpc.tls." */
	const char *value; /* "": not set */
	const char *becomes;
	enum credential kind; /* of a file; CREDENTIALS_N: not a file */
};

/* Makes the option of the collector from O, whose value was checked under the reporter's name. */
static int take_tls_option(
        struct conf *c, const struct reporter_settings *set, const struct tls_option *o, struct why *why)
{
	char name[64];

	if (o->value[0] == '\0')
		return 0;
	snprintf(name, sizeof(name), "reporter.grpc.tls.%s", o->name);
	if (!set->tls) {
		why_set(why, E_USAGE, "cannot be used while reporter.grpc.tls.enabled is false");
		return conf_add_source(c, name, why);
	}
	if (o->kind != CREDENTIALS_N && credential_check(o->kind, o->value, why) < 0)
		return conf_add_source(c, name, why);
	return conf_default(c, o->becomes, o->value, why);
}

static int take_tls_options(struct conf *c, const struct reporter_settings *set, struct why *why)
{
	const struct tls_option options[] = {
		{ "ca", set->ca, "collector.ca", CREDENTIAL_CA },
		{ "cert", set->cert, "collector.cert", CREDENTIAL_CERT },
		{ "key", set->key, "collector.key", CREDENTIAL_KEY },
		{ "server-name", set->server_name, "collector.server-name", CREDENTIALS_N },
		{ "skip-host-verify", set->skip_host_verify ? "true" : "", "collector.skip-host-verify",
		        CREDENTIALS_N },
	};

	if ((set->cert[0] == '\0') != (set->key[0] == '\0')) {
		why_set(why, E_USAGE, "a certificate and its key belong together");
		return conf_add_source(
		        c, set->cert[0] == '\0' ? "reporter.grpc.tls.key" : "reporter.grpc.tls.cert", why);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (take_tls_option(c, set, &options[i], why) < 0)
			return why->code;
	return 0;
}

/* Appends the URL of each host. */
static int print_urls(const struct reporter_settings *set, struct buf *to, struct why *why)
{
	char address[HOSTPORT_TEXT];
	struct hostport at;

	for (size_t i = 0; i < set->hosts.n; i++) {
		if (reporter_collector(set->hosts.items[i], &at, why) < 0)
			return why->code;
		buf_printf(to, "%shttp%s://%s", i > 0 ? "," : "", set->tls ? "s" : "",
		        units_print_hostport(&at, address, sizeof(address)));
	}
	return buf_check(to) < 0 ? why_set(why, E_NOMEM, "%s", err_text(E_NOMEM)) : 0;
}

/* Says where the hosts went, in one warning. */
static void warn_of_hosts(struct conf *c, bool used, bool to_kafka, const char *urls)
{
	char sentence[400];

	if (!used)
		snprintf(sentence, sizeof(sentence), "is not used: collector.url is set");
	else if (to_kafka)
		snprintf(sentence, sizeof(sentence), "spans go to Kafka; sampling strategies are asked for at %.200s",
		        urls);
	else
		snprintf(sentence, sizeof(sentence),
		        "no gRPC is spoken, spans go by HTTP to %.200s (port 14250 became 14268); set collector.url if "
		        "the collectors listen elsewhere",
		        urls);
	conf_warn(c, "reporter.grpc.host-port", sentence);
}

static int take_hosts(struct conf *c, const struct reporter_settings *set, bool to_kafka, struct why *why)
{
	bool used = conf_origin(c, "collector.url") == CONF_DEFAULT;
	struct buf urls = { 0 };
	int rc = print_urls(set, &urls, why);

	if (rc < 0) {
		conf_add_source(c, "reporter.grpc.host-port", why);
	} else if (set->hosts.n > 0) {
		rc = conf_default(c, "collector.url", buf_cstr(&urls), why);
		warn_of_hosts(c, used, to_kafka, buf_cstr(&urls));
	}
	buf_free(&urls);
	return rc < 0 ? why->code : 0;
}

int reporter_finish(struct conf *c, const struct reporter_settings *set, bool to_kafka, struct why *why)
{
	if (check_type(c, set, why) < 0 || take_tls_options(c, set, why) < 0 || take_hosts(c, set, to_kafka, why) < 0)
		return why->code;
	warn_of_options_without_effect(c);
	return 0;
}
