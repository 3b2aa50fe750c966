/* SPDX-License-Identifier: Apache-2.0 */
/* spool_outlet.c — writes exported batches: a line of JSON each on stdout, or a file each. An existing file is not
 * overwritten; files belong to the user who runs the command. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "span/batch_json.h"
#include "base/owner.h"
#include "spool_verbs.h"
#include "base/units.h"

int spool_outlet_open(struct spool_outlet *o, const struct spool_call *c, const char *host)
{
	const char *to = c->set->to;

	*o = (struct spool_outlet){ .c = c, .dir = -1 };
	snprintf(o->host, sizeof(o->host), "%s", host);
	for (char *at = o->host; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '?';
	if (c->set->format == SPOOL_FORMAT_JSON)
		return 0;
	owner_pause();
	if (mkdir(to, 0700) == 0 || errno == EEXIST)
		o->dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owner_resume();
	if (o->dir < 0)
		return why_set(&o->why, err_from_errno(errno), "%s: %s", to, strerror(errno));
	return 0;
}

static int write_all(int fd, const struct batch *b)
{
	for (size_t done = 0; done < b->size;) {
		ssize_t n = write(fd, b->bytes + done, b->size - done);

		if (n == 0)
			errno = EIO; /* write wrote nothing: retrying could loop forever */
		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int put_file(struct spool_outlet *o, const struct batch *b)
{
	char name[64];
	int fd, failed;

	snprintf(name, sizeof(name), "%" PRIu64 "-%" PRIu64 ".tbinary", b->boot, b->sequence);
	owner_pause();
	fd = openat(o->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	owner_resume();
	if (fd < 0)
		return why_set(&o->why, err_from_errno(errno), "%s/%s: %s", o->c->set->to, name, strerror(errno));
	failed = write_all(fd, b) < 0 ? errno : 0;
	if (close(fd) < 0 && failed == 0)
		failed = errno;
	if (failed == 0)
		return 0;
	owner_pause();
	unlinkat(o->dir, name, 0);
	owner_resume();
	return why_set(&o->why, err_from_errno(failed), "%s/%s: %s", o->c->set->to, name, strerror(failed));
}

/* A malformed batch is exported as null with the reason; the rest of the line identifies the record. */
static int put_line(struct spool_outlet *o, const struct batch *b)
{
	struct buf *line = &o->line;
	char received[40];
	struct why why;
	size_t head;
	int rc;

	buf_clear(line);
	buf_printf(line, "{\"position\":%" PRIu64 ",\"id\":\"%s/%" PRIu64 "/%" PRIu64 "\"", b->position, o->host,
	        b->boot, b->sequence);
	buf_printf(line, ",\"received\":\"%s\",\"maybe_duplicate\":%s,\"spans\":%u,\"batch\":",
	        units_print_time(b->received_ms, received, sizeof(received)), b->maybe_dup ? "true" : "false",
	        b->spans);
	head = line->len;
	rc = batch_json(batch_slice(b), line, &why);
	if (rc == E_MALFORMED) {
		line->len = head;
		buf_printf(line, "null,\"malformed\":\"%s\"", why.text);
	}
	buf_text(line, "}\n");
	if (buf_check(line) < 0)
		return why_set(&o->why, E_NOMEM, "%s", err_text(E_NOMEM));
	if (fwrite(line->at, 1, line->len, stdout) != line->len)
		return why_set(&o->why, E_IO, "the output could not be written: %s", strerror(errno));
	return 0;
}

int spool_outlet_put(struct spool_outlet *o, const struct batch *b)
{
	int rc = o->dir >= 0 ? put_file(o, b) : put_line(o, b);

	if (rc < 0)
		return rc;
	o->records++;
	o->spans += b->spans;
	return 0;
}

int spool_outlet_close(struct spool_outlet *o)
{
	int rc = 0;

	if (o->dir >= 0 && fsync(o->dir) < 0)
		rc = why_set(&o->why, E_IO, "%s: %s", o->c->set->to, strerror(errno));
	if (o->dir >= 0)
		close(o->dir);
	o->dir = -1;
	buf_free(&o->line);
	fprintf(stderr, "%" PRIu64 " batches with %" PRIu64 " spans\n", o->records, o->spans);
	return rc;
}
