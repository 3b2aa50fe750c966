/* SPDX-License-Identifier: Apache-2.0 */
/* from_directory_work.c — what waits for the disk: one turn of the worker, which touches f->turn and f->kept alone. */
#include <stdlib.h>

#include "from_directory_internal.h"

enum { TURN_FILES = 256, FILE_COST = sizeof(struct kept_file) };

void kept_file_free(struct kept_file *file)
{
	drain_value_free(&file->value);
	kept_record_free(&file->record);
	free(file);
}

static void remove_delivered(struct from_directory *f)
{
	list_each (node, &f->turn.removing) {
		struct kept_file *file = container_of(node, struct kept_file, link);

		file->removed = kept_remove(f->kept, &file->record, &file->why) == 0;
	}
}

static void note_failure(struct turn *t, const struct why *why)
{
	t->failed = *why;
	t->ended = true;
}

/* False: nothing more can be read. */
static bool read_one(struct from_directory *f)
{
	struct kept_file *file = calloc(1, sizeof(*file));
	struct why why;

	if (file == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		note_failure(&f->turn, &why);
		return false;
	}
	file->of = f;
	file->found = kept_next(f->kept, &file->record, &file->why);
	if (file->found == KEPT_FAILED)
		note_failure(&f->turn, &file->why);
	if (file->found == KEPT_FAILED || file->found == KEPT_END) {
		f->turn.ended = true;
		kept_file_free(file);
		return false;
	}
	file->bytes = FILE_COST + file->record.value.cap + file->record.headers.cap;
	list_push(&f->turn.loaded, &file->link);
	return true;
}

static void read_some(struct from_directory *f)
{
	uint64_t bytes = 0;

	for (int n = 0; n < TURN_FILES && bytes < f->turn.room; n++) {
		if (!read_one(f))
			break;
		bytes += container_of(f->turn.loaded.prev, struct kept_file, link)->bytes;
	}
	f->turn.count = kept_count(f->kept);
}

void from_directory_work(void *arg)
{
	struct from_directory *f = arg;
	struct why why;

	remove_delivered(f);
	if (f->turn.room > 0)
		read_some(f);
	if (!f->turn.syncs || kept_sync(f->kept, &why) == 0)
		return;
	why_wrap(&why, "the directory cannot be synced");
	note_failure(&f->turn, &why);
}
