/* SPDX-License-Identifier: Apache-2.0 */
/* request_body.c — passes a body to curl.
 *
 * A body in one part is passed as it is (CURLOPT_POSTFIELDS). A body in several parts is copied by read_parts() into
 * curl's upload buffer, as the socket accepts it. A small body in several parts is joined first, because curl sends
 * a body in one part together with the head; a body that curl reads costs a second packet and a third of the
 * request's time. The length is set before the head is sent, so curl sends Content-Length and never chunks. */
#include <limits.h>
#include <stdio.h>
#include <zlib.h>

#include "request_body.h"

/* Most bytes of a body that curl sends together with the head: MAX_INITIAL_POST_SIZE of its lib/http.h, less one. */
enum { SMALL_BYTES = (64 << 10) - 1 };

/* zlib: the largest window with a gzip header and trailer (zlib.h, deflateInit2), the default memory level. The
 * output buffer grows by OUT_BYTES. */
enum { GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, OUT_BYTES = 16 << 10 };

static void rewind_body(struct request_body *b)
{
	b->part = b->offset = 0;
}

/* ---- curl's callbacks ---- */

static size_t read_parts(char *to, size_t size, size_t n, void *arg)
{
	struct request_body *b = arg;
	size_t room = size * n, done = 0;

	while (done < room && b->part < b->nparts) {
		struct slice part = b->parts[b->part];
		size_t len = min_u64(part.len - b->offset, room - done);

		if (len > 0)
			memcpy(to + done, part.at + b->offset, len);
		done += len;
		b->offset += len;
		if (b->offset == part.len) {
			b->part++;
			b->offset = 0;
		}
	}
	return done;
}

/* curl seeks only to the start, before it sends a request again. */
static int seek_parts(void *arg, curl_off_t offset, int origin)
{
	if (origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_FAIL;
	rewind_body(arg);
	return CURL_SEEKFUNC_OK;
}

void request_body_attach(struct request_body *b, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_parts);
	curl_easy_setopt(easy, CURLOPT_READDATA, b);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_parts);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, b);
}

/* ---- compression ---- */

/* Appends the compressed PART to TO, and with Z_FINISH the gzip trailer. */
static int deflate_part(z_stream *z, struct slice part, int flush, struct buf *to)
{
	z->next_in = (Bytef *)part.at; /* zlib only reads from it */
	z->avail_in = (uInt)part.len;
	do {
		z->next_out = buf_reserve(to, OUT_BYTES);
		if (z->next_out == NULL)
			return E_NOMEM;
		z->avail_out = OUT_BYTES;
		deflate(z, flush);
		to->len += OUT_BYTES - z->avail_out;
	} while (z->avail_out == 0);
	return 0;
}

static int compress_parts(struct buf *to, const struct slice *parts, size_t n)
{
	z_stream z = { 0 };
	int rc = 0;

	if (slices_len(parts, n) > UINT_MAX)
		return E_USAGE; /* z_stream.avail_in is an unsigned int */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return E_NOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = deflate_part(&z, parts[i], i + 1 < n ? Z_NO_FLUSH : Z_FINISH, to);
	deflateEnd(&z);
	buf_fit(to);
	return rc;
}

/* ---- the body ---- */

static int join_parts(struct buf *to, const struct slice *parts, size_t n, size_t len)
{
	if (buf_reserve(to, len) == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < n; i++)
		buf_add(to, parts[i].at, parts[i].len);
	return 0;
}

/* Makes OWN the only part. */
static void use_own(struct request_body *b)
{
	b->whole = buf_slice(&b->own);
	b->parts = &b->whole;
	b->nparts = 1;
}

bool request_body_in(const struct http_request *r)
{
	return r->body.at != NULL || r->nparts > 0;
}

int request_body_set(struct request_body *b, const struct http_request *r)
{
	size_t len;
	int rc;

	request_body_clear(b);
	b->whole = r->body;
	b->parts = r->nparts > 0 ? r->parts : &b->whole;
	b->nparts = r->nparts > 0 ? r->nparts : 1;
	len = slices_len(b->parts, b->nparts);
	if (r->gzip)
		rc = compress_parts(&b->own, b->parts, b->nparts);
	else if (b->nparts > 1 && len <= SMALL_BYTES)
		rc = join_parts(&b->own, b->parts, b->nparts, len);
	else
		return 0;
	use_own(b);
	return rc;
}

void request_body_post(struct request_body *b, CURL *easy)
{
	const void *whole = b->parts[0].at == NULL ? (const void *)"" : b->parts[0].at;
	size_t len = slices_len(b->parts, b->nparts);

	if (b->nparts > 1)
		whole = NULL; /* curl calls read_parts() */
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, whole);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
}

void request_body_clear(struct request_body *b)
{
	struct buf own = b->own;

	if (own.cap > SMALL_BYTES + 1)
		buf_free(&own);
	buf_clear(&own);
	*b = (struct request_body){ .own = own };
}

void request_body_free(struct request_body *b)
{
	buf_free(&b->own);
	*b = (struct request_body){ 0 };
}
