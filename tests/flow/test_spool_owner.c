/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_owner.c — root runs the program on a spool of another user, in a directory that this user cannot
 * get to: all that is there afterwards is the user's, and the user opens it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batchmake.h"
#include "dir_hash.h"
#include "spool_fixture.h"
#include "agent_process.h"
#include "tap.h"

enum { USER = 65534, GROUP = 65534, RECORDS = 200 };

struct home {
	char top[TEMPDIR_PATH]; /* root's alone */
	struct spool_fixture k; /* its spool is top/spool */
};

static int give_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return lchown(path, USER, GROUP);
}

static unsigned others;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)type;
	(void)where;
	if (st->st_uid != USER || st->st_gid != GROUP) {
		others++;
		diag("%s belongs to %u:%u", path, (unsigned)st->st_uid, (unsigned)st->st_gid);
	}
	return 0;
}

/* Files in DIRECTORY, and itself, that are not the user's. */
static unsigned not_the_users(const char *directory)
{
	others = 0;
	return nftw(directory, count_one, 16, FTW_PHYS) < 0 ? UINT32_MAX : others;
}

static struct batch *real_batch(struct spool_fixture *k, uint64_t sequence)
{
	struct buf bytes = { 0 };
	struct batch *b;

	batchmake(&bytes, "owner", 1, sequence, 3);
	b = batch_new((uint32_t)bytes.len);
	if (b == NULL)
		exit(99);
	memcpy(b->bytes, bytes.at, bytes.len);
	buf_free(&bytes);
	b->boot = k->state.boot;
	b->sequence = sequence;
	b->received_ms = 1000000;
	b->spans = 3;
	return b;
}

/* A spool with segments and one record in quarantine, closed, the user's. */
static void home_make(struct home *h)
{
	struct batch *b;

	tempdir_make(h->top);
	spool_fixture_init(&h->k);
	tempdir_remove(h->k.dir);
	snprintf(h->k.dir, sizeof(h->k.dir), "%.200s/spool", h->top);
	spool_fixture_must_open(&h->k);
	spool_fixture_put(&h->k, RECORDS);
	b = real_batch(&h->k, 100000);
	if (spool_quarantine(h->k.s, b, "refused", "by a test", &h->k.why) < 0)
		exit(99);
	batch_unref(&b);
	spool_fixture_close(&h->k);
	if (nftw(h->k.dir, give_one, 16, FTW_PHYS) < 0)
		exit(99);
}

static void home_free(struct home *h)
{
	spool_fixture_free(&h->k);
	tempdir_remove(h->top);
}

static void path_of(char path[TEMPDIR_PATH + 64], const struct home *h, const char *name)
{
	snprintf(path, TEMPDIR_PATH + 64, "%s/%s", h->k.dir, name);
}

static void flip_in(const struct home *h, const char *name, off_t at)
{
	char path[TEMPDIR_PATH + 64];
	int fd;

	path_of(path, h, name);
	fd = open(path, O_RDWR);
	if (fd < 0)
		exit(99);
	spool_fixture_flip(fd, at, 0x55);
	close(fd);
}

static void remove_lock(struct home *h)
{
	char path[TEMPDIR_PATH + 64];

	path_of(path, h, "lock");
	if (unlink(path) < 0)
		exit(99);
}

static void break_state(struct home *h)
{
	remove_lock(h);
	flip_in(h, "state", 2 * 4096 + 30);
}

static void break_segment(struct home *h)
{
	remove_lock(h);
	flip_in(h, "seg-0000000000000001/data.mdb", 20 * 4096 + 2000);
}

static void misname_segment(struct home *h)
{
	char from[TEMPDIR_PATH + 64], to[TEMPDIR_PATH + 64];

	path_of(from, h, "seg-0000000000000001");
	path_of(to, h, "seg-00000000000000aa");
	if (rename(from, to) < 0)
		exit(99);
}

static void remove_quarantine(struct home *h)
{
	char path[TEMPDIR_PATH + 64];

	break_segment(h);
	path_of(path, h, "quarantine");
	tempdir_remove(path);
}

static void leave_it(struct home *h)
{
	(void)h;
}

/* Runs `spanspool WORDS --spool.directory=…` as root. Gives the exit status. */
static int run(const struct home *h, const char *words)
{
	char line[2048];
	int status;

	snprintf(line, sizeof(line), "timeout 20 %s %s --spool.directory=%s >%s/out 2>%s/err", agent_process_program(),
	        words, h->k.dir, h->top, h->top);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The last line on stderr. */
static const char *said(const struct home *h)
{
	static char text[8000];
	const char *last;
	char path[TEMPDIR_PATH + 64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/err", h->top);
	f = fopen(path, "r");
	n = f == NULL ? 0 : fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	last = strrchr(text, '\n');
	if (f != NULL)
		fclose(f);
	return last == NULL ? text : last + 1;
}

/* In a process of the user: the spool opens, takes a record and closes. */
static bool the_user_opens_it(struct home *h)
{
	int status;
	pid_t pid;

	if (chmod(h->top, 0711) < 0)
		exit(99);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(GROUP) < 0 || setuid(USER) < 0)
			_exit(98);
		if (spool_fixture_open(&h->k) < 0) {
			diag("%s", h->k.why.text);
			fflush(stdout);
			_exit(1);
		}
		status = spool_fixture_put(&h->k, 1) == 1 ? 0 : 2;
		spool_fixture_close(&h->k);
		_exit(status);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && chmod(h->top, 0700) == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static const struct {
	const char *name;
	void (*make)(struct home *h);
} faults[] = {
	{ "a sound spool", leave_it },
	{ "one without lock", remove_lock },
	{ "one with a broken state", break_state },
	{ "one with a broken segment", break_segment },
	{ "one with a misnamed segment", misname_segment },
	{ "one with a broken segment and no quarantine/", remove_quarantine },
};

static const struct {
	const char *words;
	int status; /* of a sound spool; -1: whatever the batches of the kit make it */
	bool reads; /* and nothing else */
} verbs[] = {
	{ "spool stat", 0, true },
	{ "spool ls", 0, true },
	{ "spool verify", -1, true },
	{ "spool export", 0, true },
	{ "spool quarantine ls", 0, true },
	{ "spool quarantine export", 0, true },
	{ "spool repair", 0, false },
	{ "spool repair --apply", 0, false },
	{ "spool quarantine retry --all", 0, false },
};

static bool has_lock(const struct home *h)
{
	char path[TEMPDIR_PATH + 64];

	path_of(path, h, "lock");
	return access(path, F_OK) == 0;
}

static void run_on(size_t t, size_t v)
{
	static struct dir_hash before, after;
	struct home h;
	bool had_lock;
	int status;

	home_make(&h);
	faults[t].make(&h);
	had_lock = has_lock(&h);
	dir_hash_take(&before, h.k.dir);
	status = run(&h, verbs[v].words);
	dir_hash_take(&after, h.k.dir);
	ok((status == 0 || status == 3) && (t > 0 || verbs[v].status < 0 || status == verbs[v].status),
	        "root's %s on %s ends with %d: %s", verbs[v].words, faults[t].name, status,
	        status == 0 ? "" : said(&h));
	if (verbs[v].reads)
		ok(dir_hash_differ(&before, &after) == NULL && has_lock(&h) == had_lock, "it writes nothing");
	is_int(not_the_users(h.k.dir), 0, "all that is there is the user's");
	ok(the_user_opens_it(&h), "and the user opens it");
	home_free(&h);
}

static void what_root_leaves_in_a_users_spool_is_the_users(void)
{
	for (size_t t = 0; t < ARRAY_LEN(faults); t++)
		for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
			/* A missing quarantine/ has no record to retry. */
			if (faults[t].make != remove_quarantine || verbs[v].reads ||
			        strstr(verbs[v].words, "repair") != NULL)
				run_on(t, v);
}

static void exported_files_belong_to_root_who_asked_for_them(void)
{
	char words[TEMPDIR_PATH + 128], path[TEMPDIR_PATH + 64];
	struct stat st = { 0 };
	struct home h;

	home_make(&h);
	snprintf(path, sizeof(path), "%s/files", h.top);
	snprintf(words, sizeof(words), "spool quarantine export --format=tbinary --to=%s", path);
	is_int(run(&h, words), 0, "root exports into a directory that only root may write to");
	ok(stat(path, &st) == 0 && st.st_uid == 0, "the directory is root's");
	others = 0;
	is_int(nftw(path, count_one, 16, FTW_PHYS), 0, "it can be read");
	is_int(others, 2, "and so is the file in it");
	home_free(&h);
}

static void an_agent_of_root_refuses_a_users_spool(void)
{
	struct home h;

	home_make(&h);
	is_int(run(&h, "agent --processor.jaeger-compact.server-host-port=none "
	               "--processor.jaeger-binary.server-host-port=none "
	               "--processor.zipkin-compact.server-host-port=none --http-server.host-port=none "
	               "--admin.http.host-port=127.0.0.1:0"),
	        1, "an agent of root does not start");
	ok(strstr(said(&h), "belongs to nobody (uid 65534)") != NULL && strstr(said(&h), h.k.dir) != NULL &&
	                strstr(said(&h), "run this as") != NULL,
	        "%s", said(&h));
	is_int(not_the_users(h.k.dir), 0, "and leaves nothing of root's");
	ok(the_user_opens_it(&h), "the user's starts");
	home_free(&h);
}

/* As a volume that the container's group may write to. */
static void in_a_directory_of_root_that_a_group_writes_to_the_state_says_whose_it_is(void)
{
	struct stat st = { 0 };
	char path[TEMPDIR_PATH + 64];
	struct home h;

	home_make(&h);
	break_state(&h);
	if (chown(h.k.dir, 0, GROUP) < 0 || chmod(h.k.dir, 02770) < 0)
		exit(99);
	is_int(run(&h, "spool repair --apply"), 0, "root repairs");
	is_int(not_the_users(h.k.dir), 1, "all but the directory itself is the user's");
	path_of(path, &h, "lock");
	ok(stat(path, &st) == 0 && st.st_uid == USER, "the new lock too");
	ok(the_user_opens_it(&h), "and the user opens it");
	home_free(&h);
}

static void a_file_of_root_in_a_users_spool_is_named(void)
{
	char path[TEMPDIR_PATH + 64];
	struct home h;

	home_make(&h);
	path_of(path, &h, "state");
	if (chown(path, 0, 0) < 0)
		exit(99);
	is_int(run(&h, "spool stat"), 1, "a state that is root's stops stat");
	ok(strstr(said(&h), "state belongs to root (uid 0)") != NULL && strstr(said(&h), "chown it") != NULL, "%s",
	        said(&h));
	home_free(&h);
}

/* Though anybody may write to it. */
static void a_file_of_a_third_user_is_named(void)
{
	char path[TEMPDIR_PATH + 64];
	struct home h;

	home_make(&h);
	path_of(path, &h, "state");
	if (chown(path, 12345, 12345) < 0 || chmod(path, 0666) < 0)
		exit(99);
	is_int(run(&h, "spool stat"), 1, "a state that is a third user's stops stat");
	ok(strstr(said(&h), "state belongs to uid 12345") != NULL, "%s", said(&h));
	home_free(&h);
}

static void a_drain_of_root_refuses_a_users_quarantine_directory(void)
{
	char words[2048], path[TEMPDIR_PATH + 64];
	struct home h;
	int status;

	home_make(&h);
	path_of(path, &h, "quarantine");
	snprintf(words, sizeof(words),
	        "timeout 20 %s drain --kafka.consumer.brokers=127.0.0.1:1 "
	        "--admin.http.host-port=127.0.0.1:0 "
	        "--drain.quarantine=directory:%s >%s/out 2>%s/err",
	        agent_process_program(), path, h.top, h.top);
	status = system(words);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1, "a drain of root does not start");
	ok(strstr(said(&h), "belongs to nobody (uid 65534)") != NULL, "%s", said(&h));
	home_free(&h);
}

int main(void)
{
	if (geteuid() != 0) {
		puts("1..0 # SKIP only root can make files of two users");
		return 0;
	}
	what_root_leaves_in_a_users_spool_is_the_users();
	exported_files_belong_to_root_who_asked_for_them();
	an_agent_of_root_refuses_a_users_spool();
	in_a_directory_of_root_that_a_group_writes_to_the_state_says_whose_it_is();
	a_file_of_root_in_a_users_spool_is_named();
	a_file_of_a_third_user_is_named();
	a_drain_of_root_refuses_a_users_quarantine_directory();
	return tap_done();
}
