/* SPDX-License-Identifier: Apache-2.0 */
/* test_endpoint.c — addresses of collectors as operators write them. */
#include "policy/endpoint.h"
#include "tap.h"

static void an_address_is_made_whole(void)
{
	static const struct {
		const char *text, *url, *name;
	} rows[] = {
		{ "http://127.0.0.1:14268", "http://127.0.0.1:14268/api/traces?format=jaeger.thrift",
		        "http://127.0.0.1:14268" },
		{ "http://jaeger:14268/", "http://jaeger:14268/api/traces?format=jaeger.thrift",
		        "http://jaeger:14268" },
		{ "https://c.example/api/traces", "https://c.example/api/traces?format=jaeger.thrift",
		        "https://c.example" },
		{ "http://[::1]:1/api/traces?format=x", "http://[::1]:1/api/traces?format=x", "http://[::1]:1" },
		{ "https://gate/jaeger/in", "https://gate/jaeger/in", "https://gate" },
		{ "http://h?a=b", "http://h?a=b", "http://h" },
		{ "HTTP://H", "HTTP://H/api/traces?format=jaeger.thrift", "HTTP://H" },
		{ "http://me:secret@h:1/p", "http://me:secret@h:1/p", "http://h:1" },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf url = { 0 }, name = { 0 };

		is_int(endpoint_read(rows[i].text, &url, &name, &why), 0, rows[i].text);
		is_text(buf_cstr(&url), rows[i].url, "is posted to");
		is_text(buf_cstr(&name), rows[i].name, "is called");
		buf_free(&url);
		buf_free(&name);
	}
}

static void what_is_no_address_is_refused_by_name(void)
{
	static const char *const wrong[] = { "", "h:14268", "http://", "http:///p", "http://:14268", "ftp://h",
		"http://h/a b", "http://h/\t", "http://h/#x", "http://h:0" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf url = { 0 }, name = { 0 };
		struct why why = { 0 };
		char shown[32];

		/* A sentence shows no control character. */
		snprintf(shown, sizeof(shown), "\"%s\"", wrong[i]);
		if (strchr(shown, '\t') != NULL)
			*strchr(shown, '\t') = '?';
		ok(endpoint_read(wrong[i], &url, &name, &why) == E_USAGE && strstr(why.text, shown) != NULL,
		        "refused: %s", why.text);
		buf_free(&url);
		buf_free(&name);
	}
}

static void a_password_stands_in_no_sentence(void)
{
	static const char *const wrong[] = { "me:sesame@h:14268", "ftp://me:sesame@h", "http://me:sesame@/",
		"http://me:ses/ame@h:1", "http://me:ses?ame@h:1", "http://me:ses#ame@h:1", "http://me:sesame@h:x",
		"http://h:1/p?key=sesame#" };
	static const char *const good[] = { "http://me:ses@ame@h:1", "http://me:sesame@h:1" };
	struct why why = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf url = { 0 }, name = { 0 };

		ok(endpoint_read(wrong[i], &url, &name, &why) == E_USAGE && strstr(why.text, "ame") == NULL &&
		                strstr(why.text, "ses") == NULL,
		        "%s: %s", wrong[i], why.text);
		buf_free(&url);
		buf_free(&name);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf url = { 0 }, name = { 0 };

		is_int(endpoint_read(good[i], &url, &name, &why), 0, good[i]);
		is_text(buf_cstr(&name), "http://h:1", "is called without user and password");
		buf_free(&url);
		buf_free(&name);
	}
}

static void the_host_stands_alone(void)
{
	static const char *const rows[][2] = {
		{ "http://h:14268/api/traces?format=jaeger.thrift", "h" },
		{ "http://h", "h" },
		{ "HTTPS://127.0.0.1/p:1", "127.0.0.1" },
		{ "http://[::1]:14268/", "[::1]" },
		{ "http://[fe80::1]", "[fe80::1]" },
		{ "http://me:sesame@h:1", "h" },
		{ "http://me:ses@ame@[::1]:1?x", "[::1]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ok(slice_is(endpoint_host(rows[i][0]), rows[i][1]), "%s of %s", rows[i][1], rows[i][0]);
}

static void the_address_of_a_page_is_made_whole(void)
{
	static const char *const rows[][2] = {
		{ "http://h:14269", "http://h:14269/metrics" },
		{ "http://h:14269/", "http://h:14269/metrics" },
		{ "https://me:secret@h/own/metrics?x=1", "https://me:secret@h/own/metrics?x=1" },
	};
	static const char *const wrong[] = { "", "h:14269", "ftp://h", "http://h/a b" };
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf url = { 0 };

		is_int(endpoint_page(rows[i][0], &url, &why), 0, rows[i][0]);
		is_text(buf_cstr(&url), rows[i][1], "is read at");
		buf_free(&url);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf url = { 0 };

		ok(endpoint_page(wrong[i], &url, &why) == E_USAGE && strstr(why.text, wrong[i]) != NULL &&
		                strstr(why.text, ":14269/metrics") != NULL,
		        "\"%s\" is refused: %s", wrong[i], why.text);
		is_int(url.len, 0, "and leaves nothing");
		buf_free(&url);
	}
	ok(endpoint_page("ftp://me:sesame@h", &(struct buf){ 0 }, &why) == E_USAGE &&
	                strstr(why.text, "sesame") == NULL,
	        "without its password");
}

static void port_and_kind_of_a_host_are_known(void)
{
	static const struct {
		const char *url;
		uint16_t port;
		bool is_address;
	} rows[] = {
		{ "http://h:14268/api/traces", 14268, false },
		{ "http://h", 80, false },
		{ "https://h/x", 443, false },
		{ "HTTPS://me:1@h", 443, false },
		{ "http://10.0.0.7:1", 1, true },
		{ "https://[::1]", 443, true },
		{ "http://[fd00::1]:14268/", 14268, true },
		{ "http://10.0.0.7.example:2", 2, false },
		{ "http://10.0.0", 80, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		is_int(endpoint_port(rows[i].url), rows[i].port, rows[i].url);
		is_int(endpoint_is_address(endpoint_host(rows[i].url)), rows[i].is_address, "an address, or a name");
	}
}

int main(void)
{
	the_address_of_a_page_is_made_whole();
	the_host_stands_alone();
	port_and_kind_of_a_host_are_known();
	an_address_is_made_whole();
	what_is_no_address_is_refused_by_name();
	a_password_stands_in_no_sentence();
	return tap_done();
}
