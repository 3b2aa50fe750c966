/* SPDX-License-Identifier: Apache-2.0 */
/* names.c — librdkafka skips a broker that it cannot parse, takes a topic that begins with '^' for a pattern, and
 * leaves other invalid names to the broker, which refuses every record. So names are checked here first. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/names.h"
#include "base/redact.h"

enum { TOPIC_MOST = 249, GROUP_MOST = 255, SHOWN = 80, PORT_MOST = 65535 };

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static size_t length_of_protocol(const char *from, size_t len)
{
	static const char *const known[] = { "plaintext://", "ssl://", "sasl_plaintext://", "sasl_ssl://" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);

		if (n <= len && strncasecmp(known[i], from, n) == 0)
			return n;
	}
	return 0;
}

static bool is_port(const char *from, size_t len)
{
	char *end;
	unsigned long port = strtoul(from, &end, 10);

	return len > 0 && len <= 5 && from[0] >= '0' && from[0] <= '9' && end == from + len && port >= 1 &&
	       port <= PORT_MOST;
}

static size_t length_of_host(const char *from, size_t len)
{
	size_t n;

	if (len == 0 || from[0] != '[')
		return strspn(from, ALPHANUMERIC ".-_");
	n = 1 + strspn(from + 1, ALPHANUMERIC ":.%");
	return n > 1 && from[n] == ']' ? n + 1 : 0;
}

static bool is_broker(const char *from, size_t len)
{
	size_t skip = length_of_protocol(from, len), host;

	from += skip;
	len -= skip;
	host = length_of_host(from, len);
	if (host == 0 || host > len)
		return false;
	return host == len || (from[host] == ':' && is_port(from + host + 1, len - host - 1));
}

/* The text is redacted: it may have a password before the host. */
static int report_bad_broker(const char *from, size_t len, struct why *why)
{
	struct buf item = { 0 }, shown = { 0 };

	buf_add(&item, from, min_u64(len, SHOWN));
	redact_url(&shown, buf_cstr(&item));
	why_set(why, E_USAGE,
	        "\"%s\" in the list of kafka brokers is not host:port (try "
	        "kafka1:9092,kafka2:9092)",
	        buf_cstr(&shown));
	buf_free(&item);
	buf_free(&shown);
	return why->code;
}

int kafka_brokers_check(const char *brokers, struct why *why)
{
	const char *at = brokers == NULL ? "" : brokers, *whole = at;
	size_t n = 0, len;

	for (; *at != '\0'; at += len) {
		at += strspn(at, ", \t");
		len = strcspn(at, ", \t");
		if (len > 0 && !is_broker(at, len))
			return report_bad_broker(at, len, why);
		n += len > 0;
	}
	if (n == 0)
		return why_set(why, E_USAGE, "kafka brokers \"%.*s\" name no broker (try kafka1:9092,kafka2:9092)",
		        SHOWN, whole);
	return 0;
}

int kafka_topic_check(const char *topic, struct why *why)
{
	size_t len = topic == NULL ? 0 : strlen(topic);

	if (len == 0 || len > TOPIC_MOST)
		return why_set(why, E_USAGE, "kafka topic \"%.*s\" has %zu characters, but must have 1 to %d", SHOWN,
		        topic == NULL ? "" : topic, len, TOPIC_MOST);
	if (strspn(topic, ALPHANUMERIC "._-") < len)
		return why_set(why, E_USAGE,
		        "kafka topic \"%.*s\": only letters, digits, '.', '_' and '-' can stand in "
		        "a topic's name",
		        SHOWN, topic);
	if (strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0)
		return why_set(why, E_USAGE, "kafka topic \"%s\": Kafka allows no such name", topic);
	return 0;
}

int kafka_group_check(const char *group, struct why *why)
{
	size_t len = group == NULL ? 0 : strlen(group);

	if (len == 0 || len > GROUP_MOST)
		return why_set(why, E_USAGE, "kafka group \"%.*s\" has %zu bytes, but must have 1 to %d", SHOWN,
		        group == NULL ? "" : group, len, GROUP_MOST);
	for (const char *at = group; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return why_set(why, E_USAGE, "kafka group: a control character cannot stand in a group's name");
	return 0;
}
