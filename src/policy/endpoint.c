/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c — splits an address into scheme, user, host, port and path. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/endpoint.h"
#include "base/redact.h"

static const char path[] = "/api/traces", query[] = "?format=jaeger.thrift";

static size_t scheme_length(const char *text)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return strlen(schemes[i]);
	return 0;
}

/* True for "host", "host:port" and "[::1]:port". The check of the port also refuses a password with an unencoded '/',
 * of which the part before the '/' would be taken for a port. */
static bool is_host_and_port(const char *host, const char *end)
{
	const char *port = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;

	if (port == NULL || host == end || *host == ':')
		return false;
	port = memchr(port, ':', (size_t)(end - port));
	if (port == NULL)
		return true;
	for (const char *c = port + 1; c < end; c++)
		if (*c < '0' || *c > '9')
			return false;
	return end - port > 1 && strtoul(port + 1, NULL, 10) - 1 < UINT16_MAX;
}

int endpoint_read(const char *text, struct buf *url, struct buf *name, struct why *why)
{
	size_t scheme = scheme_length(text);
	const char *host = text + scheme, *rest = host + strcspn(host, "/?#"), *at;
	struct buf shown = { 0 };

	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			goto wrong;
	at = memrchr(host, '@', (size_t)(rest - host));
	if (at != NULL)
		host = at + 1;
	if (scheme == 0 || !is_host_and_port(host, rest) || strpbrk(rest, "#@") != NULL)
		goto wrong;
	buf_add(url, text, (size_t)(rest - text));
	if (*rest == '\0' || strcmp(rest, "/") == 0 || strcmp(rest, path) == 0)
		buf_printf(url, "%s%s", path, query);
	else
		buf_text(url, rest);
	buf_add(name, text, scheme);
	buf_add(name, host, (size_t)(rest - host));
	if (buf_check(url) < 0 || buf_check(name) < 0)
		return why_set(why, E_NOMEM, "collector's address");
	return 0;
wrong:
	redact_url(&shown, text);
	why_set(why, E_USAGE, "\"%s\" is not a collector's address (try http://127.0.0.1:14268)", buf_cstr(&shown));
	buf_free(&shown);
	return why->code;
}

int endpoint_page(const char *text, struct buf *url, struct why *why)
{
	const char *rest = text + scheme_length(text) + strcspn(text + scheme_length(text), "/?#");
	struct buf whole = { 0 }, name = { 0 }, shown = { 0 };
	int rc = endpoint_read(text, &whole, &name, why); /* checks the form only; its results are not used */

	if (rc == 0) {
		buf_text(url, text);
		buf_text(url, *rest == '\0' ? "/metrics" : strcmp(rest, "/") == 0 ? "metrics" : "");
		rc = buf_check(url) < 0 ? why_set(why, E_NOMEM, "metrics page") : 0;
	} else if (rc == E_USAGE) {
		redact_url(&shown, text);
		why_set(why, E_USAGE,
		        "\"%s\" is not the address of a collector's metrics page (try "
		        "http://127.0.0.1:14269/metrics)",
		        buf_cstr(&shown));
	}
	buf_free(&whole);
	buf_free(&name);
	buf_free(&shown);
	return rc;
}

struct slice endpoint_host(const char *url)
{
	const char *host = url + scheme_length(url), *end = host + strcspn(host, "/?#"), *port;
	const char *at = memrchr(host, '@', (size_t)(end - host));

	if (at != NULL)
		host = at + 1;
	port = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
	port = port == NULL ? NULL : memchr(port, ':', (size_t)(end - port));
	return slice_of(host, (size_t)((port != NULL ? port : end) - host));
}

uint16_t endpoint_port(const char *url)
{
	struct slice host = endpoint_host(url);
	const char *port = (const char *)host.at + host.len;

	if (*port == ':' && port[1] >= '0' && port[1] <= '9')
		return (uint16_t)strtoul(port + 1, NULL, 10);
	return strncasecmp(url, "https:", 6) == 0 ? 443 : 80;
}

bool endpoint_is_address(struct slice host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr parsed;

	if (host.len > 0 && host.at[0] == '[')
		return true;
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	return inet_pton(AF_INET, text, &parsed) == 1;
}
