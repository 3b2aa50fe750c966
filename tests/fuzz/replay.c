/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — runs a fuzz target over every file with an ending, in the directories named, without
 * libFuzzer: replay ENDING DIRECTORY… An ending of "" means every file. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "fuzz.h"
#include "tap.h"

static bool ends_with(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n >= e && strcmp(name + n - e, ending) == 0;
}

/* Runs one file; the target sees just its bytes. */
static bool run(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	bool good;

	if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		if (f != NULL)
			fclose(f);
		return false;
	}
	bytes = fuzz_room((size_t)st.st_size);
	good = fread(bytes, 1, (size_t)st.st_size, f) == (size_t)st.st_size;
	fclose(f);
	if (good)
		LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size);
	free(bytes);
	return good;
}

static void run_all(const char *dir, const char *ending)
{
	struct dirent *d;
	DIR *all = opendir(dir);
	unsigned count = 0, unread = 0;
	char path[4096];

	while (all != NULL && (d = readdir(all)) != NULL) {
		if (d->d_name[0] == '.' || !ends_with(d->d_name, ending))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		count++;
		unread += !run(path);
	}
	if (all != NULL)
		closedir(all);
	ok(count > 0 && unread == 0, "%u files of %s break no promise", count, dir);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		run_all(argv[i], argv[1]);
	return tap_done();
}
