/* SPDX-License-Identifier: Apache-2.0 */
/* cause.c — parses librdkafka's error text. An error of a broker reads "ADDRESS/ID: REASON (after …)", where ID is
 * "bootstrap" for an address from the options and a number for one that the cluster advertises. The text is needed
 * because the code is ambiguous: _TRANSPORT stands for a closed port, for a bad certificate, and for the wrong
 * protocol. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/descriptors.h"
#include "cause.h"

const char *kafka_cause_name(enum kafka_cause cause)
{
#define X(name, text) [KAFKA_CAUSE_##name] = text,
	static const char *const names[] = { KAFKA_CAUSES(X) };
#undef X

	return cause < KAFKA_CAUSE_COUNT ? names[cause] : "unknown";
}

bool kafka_cause_repeats(enum kafka_cause cause)
{
	return cause >= KAFKA_CAUSE_UNRESOLVED && cause <= KAFKA_CAUSE_LOGIN;
}

enum { ADDRESS = 90, REASON = 160 };

struct parts {
	char address[ADDRESS]; /* "" when the text names none */
	bool advertised;       /* by the cluster; false: from the options */
	char reason[REASON];
};

/* Skips "ssl://" or "sasl_plaintext://", which precedes an address unless the protocol is plaintext. */
static const char *after_protocol(const char *text)
{
	const char *slashes = strstr(text, "://");

	return slashes != NULL && slashes < text + strcspn(text, " ") ? slashes + 3 : text;
}

static void copy_text(char *to, size_t cap, const char *from, size_t len)
{
	snprintf(to, cap, "%.*s", (int)min_u64(len, cap - 1), from);
}

/* Reads "host:port/id: " or "GroupCoordinator: host:port: " at the start of TEXT; returns the rest of TEXT. */
static const char *read_address(struct parts *p, const char *text)
{
	static const char coordinator[] = "GroupCoordinator: ";
	const char *at = text, *end, *slash;

	if (strncmp(at, coordinator, sizeof(coordinator) - 1) == 0)
		at += sizeof(coordinator) - 1;
	at = after_protocol(at);
	end = strstr(at, ": ");
	if (end == NULL || memchr(at, ' ', (size_t)(end - at)) != NULL || memchr(at, ':', (size_t)(end - at)) == NULL)
		return text;
	slash = memchr(at, '/', (size_t)(end - at));
	p->advertised = slash != NULL && strncmp(slash, "/bootstrap", 10) != 0;
	copy_text(p->address, sizeof(p->address), at, (size_t)((slash == NULL ? end : slash) - at));
	return end + 2;
}

static void read_parts(struct parts *p, const char *text)
{
	static const char resolve[] = "Failed to resolve '";
	const char *reason, *failed, *end;

	*p = (struct parts){ .address = "" };
	reason = read_address(p, text);
	failed = strstr(reason, " failed: ");
	if (strncmp(reason, "Connect to ", 11) == 0 && failed != NULL)
		reason = failed + 9;
	if (strncmp(reason, resolve, sizeof(resolve) - 1) == 0 && strstr(reason, "': ") != NULL)
		reason = strstr(reason, "': ") + 3;
	end = strstr(reason, " (after ");
	copy_text(p->reason, sizeof(p->reason), reason, end == NULL ? strlen(reason) : (size_t)(end - reason));
}

static void set_cause(struct kafka_cause_read *to, enum kafka_cause cause, bool misconfigured, const char *fmt, ...)
        PRINTF(4, 5);

static void set_cause(struct kafka_cause_read *to, enum kafka_cause cause, bool misconfigured, const char *fmt, ...)
{
	va_list ap;

	to->cause = cause;
	to->misconfigured = misconfigured;
	va_start(ap, fmt);
	vsnprintf(to->sentence, sizeof(to->sentence), fmt, ap);
	va_end(ap);
}

static void explain_unresolved(struct kafka_cause_read *to, const struct parts *p)
{
	/* EAI_AGAIN: the name server did not answer, so the name may be right. */
	bool again = strstr(p->reason, "emporary failure") != NULL;

	if (p->advertised)
		set_cause(to, KAFKA_CAUSE_UNRESOLVED, !again,
		        "Kafka advertises a broker as %s, which does not resolve here (%s): "
		        "correct "
		        "its advertised.listeners, or this host's DNS",
		        p->address, p->reason);
	else
		set_cause(to, KAFKA_CAUSE_UNRESOLVED, !again,
		        "broker %s does not resolve (%s): correct the list of brokers, or this "
		        "host's DNS",
		        p->address, p->reason);
}

/* False when P is not about TLS. */
static bool explain_tls(struct kafka_cause_read *to, rd_kafka_resp_err_t err, const struct parts *p)
{
	if (strstr(p->reason, "certificate verify failed") != NULL)
		set_cause(to, KAFKA_CAUSE_TLS, true,
		        "the certificate of broker %s is not trusted, or is for another name: set "
		        "ssl.ca.location to its authority",
		        p->address);
	else if (strstr(p->reason, "PLAINTEXT broker listener") != NULL)
		set_cause(to, KAFKA_CAUSE_TLS, true,
		        "broker %s does not speak TLS on this port: correct security.protocol, or "
		        "the port",
		        p->address);
	else if (strstr(p->reason, "SSL listener") != NULL)
		set_cause(to, KAFKA_CAUSE_UNREACHABLE, false,
		        "broker %s closes connections before it answers: it is stopping, or it "
		        "wants "
		        "TLS (security.protocol)",
		        p->address);
	else if (err == RD_KAFKA_RESP_ERR__SSL || strstr(p->reason, "SSL") != NULL)
		set_cause(to, KAFKA_CAUSE_TLS, true, "broker %s: no TLS connection: %s", p->address, p->reason);
	else
		return false;
	return true;
}

/* librdkafka reads the first four bytes of a response as its length; the bytes of HTTP or TLS make an impossibly
 * large one. librdkafka's advice, a larger receive.message.max.bytes, is wrong in that case. */
static bool is_another_protocol(const struct parts *p)
{
	return strstr(p->reason, "Invalid response size") != NULL;
}

/* librdkafka's text goes on with the guess that the broker is too old for ApiVersionRequest. */
static bool is_silent_from_the_start(const struct parts *p)
{
	return strstr(p->reason, "ApiVersionRequest failed: Local: Timed out") != NULL;
}

/* False when P is not an error of this process (no free file descriptor). */
static bool explain_no_descriptor(struct kafka_cause_read *to, const struct parts *p)
{
	char sentence[DESCRIPTORS_SENTENCE];

	if (strstr(p->reason, strerror(EMFILE)) == NULL && strstr(p->reason, strerror(ENFILE)) == NULL)
		return false;
	set_cause(to, KAFKA_CAUSE_UNREACHABLE, false, "broker %s was not asked: %s; raise LimitNOFILE of this program",
	        p->address, descriptors_sentence(sentence));
	return true;
}

static void explain_connection(struct kafka_cause_read *to, rd_kafka_resp_err_t err, const struct parts *p)
{
	if (explain_no_descriptor(to, p))
		return;
	if (err == RD_KAFKA_RESP_ERR__RESOLVE)
		explain_unresolved(to, p);
	else if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION || err == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
		set_cause(to, KAFKA_CAUSE_LOGIN, true,
		        "broker %s refuses the login (%s): check sasl.mechanism, sasl.username and "
		        "sasl.password",
		        p->address, p->reason);
	else if (explain_tls(to, err, p))
		return;
	else if (is_another_protocol(p))
		set_cause(to, KAFKA_CAUSE_UNREACHABLE, false,
		        "broker %s does not answer in Kafka's protocol: is this another port, or "
		        "does it "
		        "want TLS (security.protocol)?",
		        p->address);
	else if (is_silent_from_the_start(p))
		set_cause(to, KAFKA_CAUSE_SILENT, false,
		        "broker %s takes connections and gives no answer in time: it, or the way "
		        "to it, "
		        "hangs",
		        p->address);
	else if (err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE)
		set_cause(
		        to, KAFKA_CAUSE_SILENT, false, "broker %s gives no answer in time: %s", p->address, p->reason);
	else
		set_cause(to, KAFKA_CAUSE_UNREACHABLE, false, "broker %s cannot be reached: %s", p->address, p->reason);
}

static void explain_topic(struct kafka_cause_read *to, rd_kafka_resp_err_t err, const struct kafka_endpoint *at)
{
	bool reads = at->group != NULL;

	if (err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		set_cause(to, KAFKA_CAUSE_TOPIC_DENIED, true,
		        "Kafka at %.60s denies %s topic %.60s: grant this client the right", at->brokers,
		        reads ? "reading" : "writing to", at->topic);
	else
		set_cause(to, KAFKA_CAUSE_TOPIC_MISSING, true,
		        "topic %.60s does not exist in Kafka at %.60s: create it, or correct the "
		        "option %s",
		        at->topic, at->brokers, at->option);
}

static void explain_answer(struct kafka_cause_read *to, rd_kafka_resp_err_t err, const struct kafka_endpoint *at)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		explain_topic(to, err, at);
		return;
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		set_cause(to, KAFKA_CAUSE_GROUP_DENIED, true,
		        "Kafka at %.60s denies consumer group %.60s: grant this client the right "
		        "to "
		        "read with it",
		        at->brokers, at->group == NULL ? "" : at->group);
		return;
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		set_cause(to, KAFKA_CAUSE_CLUSTER_DENIED, true,
		        "Kafka at %.60s denies idempotent writing: grant this client Write on "
		        "topic "
		        "%.60s, or IdempotentWrite",
		        at->brokers, at->topic);
		return;
	case RD_KAFKA_RESP_ERR__TRANSPORT:
		set_cause(to, KAFKA_CAUSE_UNREACHABLE, false, "Kafka at %.100s cannot be reached", at->brokers);
		return;
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
		set_cause(to, KAFKA_CAUSE_SILENT, false, "Kafka at %.100s gives no answer in time", at->brokers);
		return;
	default:
		set_cause(to, KAFKA_CAUSE_REFUSED, false, "Kafka at %.60s, topic %.60s: %s", at->brokers, at->topic,
		        rd_kafka_err2str(err));
		return;
	}
}

void kafka_cause_read(
        struct kafka_cause_read *to, rd_kafka_resp_err_t err, const char *text, const struct kafka_endpoint *endpoint)
{
	struct parts p;

	*to = (struct kafka_cause_read){ .cause = KAFKA_CAUSE_NONE };
	/* ALL_BROKERS_DOWN always follows a more specific error. */
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	read_parts(&p, text);
	to->names_broker = p.address[0] != '\0' && err < 0;
	if (to->names_broker)
		explain_connection(to, err, &p);
	else
		explain_answer(to, err, endpoint);
}
