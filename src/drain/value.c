/* SPDX-License-Identifier: Apache-2.0 */
/* value.c — what the exporter is given of a record, wherever the record comes from: its value, in compact protocol
 * transcoded, and those of its headers that go with the request. */
#include "drain_internal.h"

int drain_value_read(struct drain_value *v, struct slice raw, const char **cause, struct why *why)
{
	v->bytes = raw;
	if (inspect_is_compact(raw)) {
		v->transcoded = inspect_from_compact(raw, &v->own) == 0;
		buf_fit(&v->own); /* up to eight times as large as RAW */
		if (v->transcoded)
			v->bytes = buf_slice(&v->own);
	}
	return exporter_check(v->bytes, &v->facts, cause, why);
}

void drain_value_free(struct drain_value *v)
{
	buf_free(&v->own);
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return true;
}

static bool is_decimal(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return true;
}

/* Any program may write to the topic: a header value that does not fit on a line of HTTP is left out. */
void drain_headers_take(void *headers, const char *name, struct slice value)
{
	struct drain_headers *h = headers;

	if (strcmp(name, "spanspool-id") == 0 && value.len <= EXPORTER_ID_MAX && is_printable(value))
		h->id = value;
	else if (strcmp(name, "spanspool-received") == 0 && value.len <= 20 && is_decimal(value))
		h->received = value;
	else if (strcmp(name, "spanspool-maybe-dup") == 0)
		h->maybe_dup = slice_same(value, slice_text("1"));
}
