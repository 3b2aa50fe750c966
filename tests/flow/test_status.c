/* SPDX-License-Identifier: Apache-2.0 */
/* test_status.c — spanspool status before an admin port in a process of its own. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "http/server.h"
#include "tap.h"

enum mood { READY, NOT_READY, SILENT, FOREIGN, BROKEN };

static void on_status(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const enum mood *mood = arg;

	(void)call;
	if (*mood == FOREIGN) {
		http_reply_error(reply, 404, "404 page not found");
	} else if (*mood == BROKEN) {
		buf_text(&reply->body, "{\"command\": ");
	} else {
		/* More than the client keeps unasked. */
		buf_text(&reply->body, "{\"command\": \"agent\", \"filler\": \"");
		for (int i = 0; i < 20000; i++)
			buf_byte(&reply->body, 'x');
		buf_text(&reply->body, "\"}");
	}
}

static void on_ledger(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	buf_text(&reply->body, "{\"ledger\": 1, \"boots\": 7}");
}

static void on_ready(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const enum mood *mood = arg;

	if (*mood == SILENT)
		(void)http_call_later(call); /* and never is it answered */
	else
		reply->status = *mood == NOT_READY ? 503 : 200;
}

/* Never returns: a server in MOOD, whose port is written to FD. */
static void serve(enum mood mood, int fd)
{
	static const struct http_route routes[] = {
		{ "/status.json", "GET", on_status },
		{ "/ledger", "GET", on_ledger },
		{ "/health/ready", "GET", on_ready },
		{ NULL, NULL, NULL },
	};
	struct http_server_opts opts = { .at = { "127.0.0.1", 0 }, .routes = routes, .arg = &mood };
	struct http_server *server;
	struct loop *loop;
	struct why why;
	uint16_t port;

	if (loop_open(&loop, &why) < 0 || http_server_open(&server, loop, &opts, &why) < 0)
		_exit(1);
	port = http_server_port(server);
	if (write(fd, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	close(fd);
	loop_run(loop);
	_exit(0);
}

static pid_t start(enum mood mood, uint16_t *port)
{
	int fds[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
		close(fds[0]);
		serve(mood, fds[1]);
	}
	close(fds[1]);
	if (pid < 0 || read(fds[0], port, sizeof(*port)) != sizeof(*port))
		abort();
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What cmd_status says to these arguments, on stdout and stderr together, and its exit status. */
static int status_says(char *const *args, int n, char *said, size_t cap)
{
	char *argv[8] = { (char *)(uintptr_t) "status" };
	FILE *f = tmpfile();
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), rc;
	size_t len;

	if (f == NULL || out < 0 || err < 0)
		abort();
	memcpy(argv + 1, args, (size_t)n * sizeof(*args));
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	rc = cmd_status(n + 1, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(f);
	len = fread(said, 1, cap - 1, f);
	said[len] = '\0';
	fclose(f);
	return rc;
}

static void each_mood_has_its_exit_status(void)
{
	static const struct {
		enum mood mood;
		int rc;
		const char *said;
	} cases[] = {
		{ READY, 0, "\"ready\": true" },
		{ NOT_READY, 3, "\"ready\": false" },
		{ SILENT, 1, "spanspool status: http://127.0.0.1:" },
		{ FOREIGN, 1, "/status.json answered 404: is that a spanspool?" },
		{ BROKEN, 1, "the status page is not JSON" },
	};
	char said[40000];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char at[64], json[] = "--json", timeout[] = "--timeout=200ms";
		char *args[] = { at, json, timeout };
		uint16_t port;
		pid_t pid = start(cases[i].mood, &port);
		int rc;

		snprintf(at, sizeof(at), "--admin.http.host-port=:%u", port);
		rc = status_says(args, cases[i].mood == SILENT ? 3 : 2, said, sizeof(said));
		is_int(rc, cases[i].rc, "the exit status");
		if (!ok(strstr(said, cases[i].said) != NULL, "and it says %s", cases[i].said))
			diag("%.300s", said);
		end(pid);
	}
}

static void the_ledger_and_long_pages_come_whole(void)
{
	char said[60000], at[64], json[] = "--json";
	char *args[] = { at, json };
	uint16_t port;
	pid_t pid = start(READY, &port);

	snprintf(at, sizeof(at), "--admin.http.host-port=127.0.0.1:%u", port);
	is_int(status_says(args, 2, said, sizeof(said)), 0, "it answers");
	ok(strlen(said) > 20000 && strstr(said, "\"boots\": 7") != NULL, "with all pages");
	is_int(status_says(args, 1, said, sizeof(said)), 0, "and for people");
	ok(strstr(said, "boots                             7\n") != NULL, "in two columns");
	end(pid);
}

static void nobody_there_is_one_clear_line(void)
{
	char said[4000], word[] = "drain", at[64];
	char *args[] = { word, at };
	uint16_t port;
	pid_t pid = start(READY, &port);

	end(pid); /* its port is free again, and known */
	snprintf(at, sizeof(at), "--admin.http.host-port=:%u", port);
	is_int(status_says(args, 2, said, sizeof(said)), 1, "exit status 1");
	ok(strstr(said, "spanspool status: http://127.0.0.1:") == said && strchr(said, '\n') == said + strlen(said) - 1,
	        "one line that names the address");
}

static void the_daemons_own_file_tells_where_to_ask(void)
{
	char said[60000], path[] = "/tmp/spanspool-status-XXXXXX", flag[64];
	char *args[] = { flag };
	uint16_t port;
	pid_t pid = start(READY, &port);
	int fd = mkstemp(path);

	if (fd < 0 || dprintf(fd, "spool.max-bytes: 1G\nadmin:\n  http:\n    host-port: \":%u\"\n", port) < 0)
		abort();
	close(fd);
	snprintf(flag, sizeof(flag), "--config-file=%s", path);
	is_int(status_says(args, 1, said, sizeof(said)), 0, "with the agent's file it finds the agent");
	unlink(path);
	end(pid);
}

int main(void)
{
	unsetenv("CONFIG_FILE");
	each_mood_has_its_exit_status();
	the_ledger_and_long_pages_come_whole();
	nobody_there_is_one_clear_line();
	the_daemons_own_file_tells_where_to_ask();
	return tap_done();
}
