/* SPDX-License-Identifier: Apache-2.0 */
/* answers_tls.c — a collector behind TLS whose certificate has expired, is for another name, or is of an authority that
 * the exporter does not know; then the certificate is renewed, or the file of the authority. An operator is called,
 * nothing is blamed on a batch, and all goes on by itself. openssl s_server stands before the scripted collector. */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>

#include "answers.h"
#include "testkit/ports.h"
#include "testkit/workdir.h"

enum { BATCHES = 40 };

static const char make_files[] =
        "exec 2>log >&2 && ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes' && "
        "authority() { openssl req -x509 $ec -days 2 -subj /CN=$1 -keyout $1.key -out $1.pem; } && "
        "new() { openssl req $ec -subj /CN=$1 -keyout $1.key -out $1.csr && echo subjectAltName=DNS:$2 >ext && "
        "  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $3 -extfile ext -out $1.pem; } "
        "&& "
        "authority ca && authority stranger && new good localhost 2 && new expired localhost -1 && new other elsewhere "
        "2 && "
        "cp ca.pem trusted.pem";

struct tls {
	struct answers *answers;
	char *dir;
	uint16_t port;
	pid_t server;
};

/* In the directory of S. */
static bool shell(const struct tls *s, const char *commands)
{
	char command[1400];

	snprintf(command, sizeof(command), "cd %s && %s", s->dir, commands);
	return system(command) == 0;
}

static void server_start(struct tls *s, const char *name)
{
	char accept[32], cert[300], key[300];
	int ends[2];

	snprintf(accept, sizeof(accept), "127.0.0.1:%u", s->port);
	snprintf(cert, sizeof(cert), "%s/%s.pem", s->dir, name);
	snprintf(key, sizeof(key), "%s/%s.key", s->dir, name);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 || (s->server = fork()) < 0)
		exit(99);
	if (s->server == 0) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execlp("openssl", "openssl", "s_server", "-quiet", "-accept", accept, "-cert", cert, "-key", key, NULL);
		_exit(127);
	}
	close(ends[1]);
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		exit(99);
	scripted_adopt(&s->answers->collector[0], ends[0]);
}

static void server_stop(struct tls *s)
{
	kill(s->server, SIGKILL);
	waitpid(s->server, NULL, 0);
}

static void add_batches(struct answers *g)
{
	answers_add_good(g, BATCHES, 2, answers_dice(g, 2) == 0);
	book_add(&g->book, "bad", 1, (enum poison)(1 + answers_dice(g, POISON_KINDS)));
}

/* By the trial's number: what is wrong, in OpenSSL's words, and what heals it. */
static const struct {
	const char *certificate, *says;
	const char *before, *heal; /* commands; "": none */
} cases[] = {
	{ "expired", "certificate has expired", "", "" },
	{ "other", "no alternative certificate subject name matches", "", "" },
	{ "good", "certificate", "cp stranger.pem trusted.pem", "cp ca.pem trusted.pem" },
};
enum { CASES = ARRAY_LEN(cases) };

static void play(struct answers *g, struct tls *s, size_t i)
{
	server_start(s, cases[i].certificate);
	add_batches(g);
	answers_until_blocked(g, cases[i].says);
	add_batches(g);
	if (cases[i].heal[0] != '\0') {
		if (!shell(s, cases[i].heal))
			exit(99);
	} else {
		server_stop(s);
		server_start(s, "good");
	}
	answers_run(g);
	if (exporter_state(g->exporter) != EXPORTER_SENDING)
		book_wrong(&g->book, "the certificate is good, and the exporter does not send: %s",
		        exporter_fault(g->exporter));
	server_stop(s);
}

static void run_tls(struct trial *t, void *arg)
{
	size_t i = t->number % CASES;
	char trusted[300];
	struct answers g;
	struct tls s = { .answers = &g };
	struct why why;

	(void)arg;
	answers_defaults(&g, t);
	if (workdir_make(&s.dir, "spanspool-answers", &why) < 0 || ports_free(PORTS_TCP, &s.port) < 0)
		exit(99);
	if (!shell(&s, make_files) || (cases[i].before[0] != '\0' && !shell(&s, cases[i].before))) {
		trial_wrong(t, "no certificates can be made: see openssl");
		return;
	}
	snprintf(trusted, sizeof(trusted), "%s/trusted.pem", s.dir);
	snprintf(g.url[0], sizeof(g.url[0]), "https://localhost:%u", s.port);
	g.opts.client.files[CREDENTIAL_CA] = trusted;
	g.opts.max_in_flight = 1; /* openssl serves one connection at a time */
	answers_open(&g);
	play(&g, &s, i);
	answers_close(&g);
	workdir_remove(s.dir);
	free(s.dir);
}

const struct answers_part answers_tls = { "tls", CASES, 100, run_tls };
