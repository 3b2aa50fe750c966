/* SPDX-License-Identifier: Apache-2.0 */
/* redact.c — masks secrets in texts for the log and for pages. */
#include <string.h>
#include <strings.h>

#include "base/redact.h"

const char redact_mask[] = "********";

/* Suffixes of librdkafka properties whose value is a number, a choice, an address or a path; see its
 * CONFIGURATION.md. No property for a user, password, key, token or command ends in one of these. */
static const char *const plain_ends[] = { ".ms", ".bytes", ".kbytes", ".messages", ".location", ".level", ".codec",
	".type", ".strategy", ".mechanism", ".mechanisms", ".protocol", ".family", ".policy", ".algorithm", ".suites",
	".max", ".min", ".requests", ".request", ".retries", ".records", ".size", ".id", ".rack", ".reset",
	".idempotence", ".enable", ".verification", ".servers", ".broker.list", ".offset.store", ".auto.commit", ".cb",
	".partition.eof", ".crcs", ".close", ".lookup" };
static const char *const plain_names[] = { "acks", "retries", "debug", "partitioner", "message.send.max.retries",
	"log_level", "request.required.acks" };

static bool ends_in(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && strncasecmp(name + len - n, end, n) == 0;
}

static bool is_plain(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(plain_names); i++)
		if (strlen(plain_names[i]) == len && strncasecmp(name, plain_names[i], len) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(plain_ends); i++)
		if (ends_in(name, len, plain_ends[i]))
			return true;
	return false;
}

static void add_path(struct buf *to, const char *text)
{
	static const char own[] = "?format=jaeger.thrift";
	size_t path = strcspn(text, "?");

	buf_add(to, text, path);
	if (strcmp(text + path, own) == 0) {
		buf_text(to, own);
	} else if (text[path] != '\0') {
		buf_add(to, text + path, 1);
		buf_text(to, redact_mask);
	}
}

void redact_url(struct buf *to, const char *url)
{
	const char *scheme = strstr(url, "://"), *at = strrchr(url, '@');

	if (at == NULL) {
		add_path(to, url);
		return;
	}
	if (scheme != NULL && scheme < at)
		buf_add(to, url, (size_t)(scheme + 3 - url));
	buf_text(to, redact_mask);
	add_path(to, at);
}

void redact_text(struct buf *to, const char *text)
{
	if (strstr(text, "://") != NULL)
		redact_url(to, text);
	else
		buf_text(to, text);
}

static void add_masked(struct buf *to, const char *text, size_t name)
{
	if (text[name] != '\0')
		buf_add(to, text, name + 1);
	buf_text(to, redact_mask);
}

void redact_header(struct buf *to, const char *header)
{
	add_masked(to, header, strcspn(header, ":"));
}

void redact_property(struct buf *to, const char *property)
{
	size_t name = strcspn(property, "=");

	if (property[name] != '\0' && is_plain(property, name))
		redact_text(to, property);
	else
		add_masked(to, property, name);
}
