/* SPDX-License-Identifier: Apache-2.0 */
/* conf_file.c — reads the file of options, in the format that the ending of its name says. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "conf_internal.h"

enum { FILE_MAX_BYTES = 256 * 1024 }; /* more is not written by hand */

/* Reads the whole file into TO. */
static int read_bytes(struct conf *c, struct buf *bytes, struct why *why)
{
	FILE *f = fopen(c->file, "re");
	uint8_t *to = buf_reserve(bytes, FILE_MAX_BYTES + 1);
	int rc = 0;

	if (f == NULL) {
		rc = why_set(why, E_USAGE, "cannot read \"%.200s\": %s", c->file, strerror(errno));
	} else if (to == NULL) {
		rc = why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	} else {
		bytes->len = fread(to, 1, FILE_MAX_BYTES + 1, f);
		if (ferror(f))
			rc = why_set(why, E_USAGE, "cannot read \"%.200s\": %s", c->file, strerror(errno));
		else if (bytes->len > FILE_MAX_BYTES)
			rc = why_set(why, E_USAGE, "\"%.200s\" is larger than %d KiB, no file of options is", c->file,
			        FILE_MAX_BYTES / 1024);
	}
	if (f != NULL)
		fclose(f);
	return rc == 0 ? 0 : conf_add_source(c, conf_file_row.name, why);
}

/* jaeger-agent tells the format of a file by the ending of its name. */
static bool ends_in(const char *path, const char *const *endings)
{
	const char *dot = strrchr(path, '.');

	for (; dot != NULL && *endings != NULL; endings++)
		if (strcasecmp(dot + 1, *endings) == 0)
			return true;
	return false;
}

int conf_file_read(struct conf *c, struct why *why)
{
	static const char *const properties[] = { "properties", "props", "prop", NULL };
	static const char *const foreign[] = { "toml", "hcl", "tfvars", "ini", NULL };
	struct buf bytes = { 0 };
	int rc;

	if (ends_in(c->file, foreign)) {
		why_set(why, E_USAGE,
		        "\"%.200s\" is not read: write its options as \"name: value\" lines to a YAML file, or as JSON "
		        "or "
		        ".properties",
		        c->file);
		return conf_add_source(c, conf_file_row.name, why);
	}
	rc = read_bytes(c, &bytes, why);
	if (rc == 0 && ends_in(c->file, properties))
		rc = conf_properties_read(c, buf_slice(&bytes), why);
	else if (rc == 0)
		rc = conf_yaml_read(c, buf_slice(&bytes), why);
	buf_free(&bytes);
	return rc;
}
