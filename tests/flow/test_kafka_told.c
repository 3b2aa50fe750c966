/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_told.c — what keeps records from passing is told by agent and drain alike: in health, in
 * the log, and as a metric, by the name of the broker or the topic. */
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <librdkafka/rdkafka.h>

#include "drain_process.h"
#include "base/log.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"

enum { PIPES = 16, CHUNK = 65536 };

static struct drain_process b;

struct fault {
	const char *what;
	const char *options[2];
	int refuse;          /* the topic, with this code */
	const char *says[2]; /* the sentence */
	const char *metric;
	int level; /* of the part "kafka": 1 warning, 2 down */
};

#define METRIC(cause) "spanspool_kafka_errors_total{cause=\"" cause "\"}"

static const struct fault faults[] = {
	{ "a topic that is missing", { NULL }, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
	        { "topic tracing-topic does not exist", "create it" }, METRIC("topic_missing"), 2 },
	{ "a broker without TLS", { "--kafka.property=security.protocol=ssl", NULL }, 0,
	        { "does not speak TLS", "security.protocol" }, METRIC("tls"), 2 },
	{ "a login that is refused",
	        { "--kafka.property=security.protocol=sasl_plaintext", "--kafka.property=sasl.mechanism=PLAIN" }, 0,
	        { "refuses the login", "sasl.password" }, METRIC("login"), 2 },
};

static double level_of_agent(struct agent_process *s)
{
	return agent_process_metric(s, "spanspool_health_level{part=\"kafka\"}");
}

struct told {
	struct agent_process *s;
	const struct fault *t;
};

static bool agent_process_says(struct agent_process *s, const char *path, const char *text)
{
	struct buf page = { 0 };
	bool says = agent_process_page(s, path, &page) != 0 && strstr(buf_cstr(&page), text) != NULL;

	buf_free(&page);
	return says;
}

static bool agent_told(void *arg)
{
	struct told *x = arg;

	return (int)level_of_agent(x->s) == x->t->level && agent_process_says(x->s, "/health/ready", x->t->says[0]) &&
	       agent_process_says(x->s, "/health/ready", x->t->says[1]) &&
	       agent_process_says(x->s, "/status.json", x->t->says[0]) && agent_process_metric(x->s, x->t->metric) > 0;
}

static bool agent_well(void *arg)
{
	return level_of_agent(((struct told *)arg)->s) == 0;
}

static bool log_says(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	char line[2048];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, text) != NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

static void the_agent_tells(const struct fault *t)
{
	struct told told;
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	kafka_mock_refuse_topic(s.rig.kafka, AGENT_PROCESS_TOPIC, t->refuse);
	ok(agent_process_start(&s, "--kafka.property=sasl.username=u", "--kafka.property=sasl.password=p",
	           t->options[0] == NULL ? "--log-level=info" : t->options[0],
	           t->options[1] == NULL ? "--log-level=info" : t->options[1], NULL),
	        "agent: %s", t->what);
	told = (struct told){ &s, t };
	agent_process_send(&s, 100, 0);
	ok(agent_process_until(&s, agent_told, &told), "health, status and a metric tell: %s", t->says[0]);
	ok(log_says(agent_process_log(&s), t->says[0]), "the log tells it");
	if (t->refuse != 0) {
		kafka_mock_refuse_topic(s.rig.kafka, AGENT_PROCESS_TOPIC, 0);
		ok(agent_process_until(&s, agent_well, &told), "when it is over health is well again");
		ok(agent_process_is_empty(&s), "and all is delivered");
	} else {
		ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 100), "nothing is lost");
	}
	agent_process_end(&s);
}

static const struct fault *of_drain;

static bool drain_says(struct drain_process *x, const char *path, const char *text)
{
	return drain_process_get(x, path) != 0 && strstr(buf_cstr(&x->page), text) != NULL;
}

static bool drain_is(struct drain_process *x, int level)
{
	char line[80];

	snprintf(line, sizeof(line), "spanspool_health_level{part=\"kafka\"} %d\n", level);
	return drain_says(x, "/metrics", line);
}

static bool drain_told(struct drain_process *x)
{
	char none[100];

	snprintf(none, sizeof(none), "%s 0\n", of_drain->metric);
	return drain_is(x, of_drain->level) && !drain_says(x, "/metrics", none) &&
	       drain_says(x, "/health/ready", of_drain->says[0]) && drain_says(x, "/health/ready", of_drain->says[1]);
}

static bool drain_well(struct drain_process *x)
{
	return drain_is(x, 0);
}

static void the_drain_tells(const struct fault *t)
{
	of_drain = t;
	drain_process_open(&b, 2);
	drain_process_produce(&b, 10, 5);
	kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_TOPIC, t->refuse);
	ok(drain_process_start(&b, "--kafka.property=sasl.username=u", "--kafka.property=sasl.password=p",
	           "--kafka.property=session.timeout.ms=8000",
	           t->options[0] == NULL ? "--log-level=info" : t->options[0],
	           t->options[1] == NULL ? "--log-level=info" : t->options[1], NULL),
	        "drain: %s", t->what);
	ok(drain_process_until(&b, drain_told), "health and a metric tell: %s", t->says[0]);
	is_int(drain_process_said(&b, t->says[0]), 1,
	        "the log tells it once, of consumer, producer and health together");
	is_int(drain_process_said(&b, "will be ignored by this"), 0,
	        "and not that the producer of the quarantine has no session");
	if (t->refuse != 0) {
		kafka_mock_refuse_topic(b.rig.kafka, DRAIN_PROCESS_TOPIC, 0);
		ok(drain_process_until(&b, drain_process_all_seen), "when it is over all records are read");
		ok(drain_process_until(&b, drain_well), "and health is well again");
	}
	drain_process_close(&b);
}

/* A broker behind a relay that changes its address in all answers into a name of equal length that
 * does not resolve: what a cluster with wrong advertised.listeners looks like. */
static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, PIPES) < 0 ||
	        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		exit(99);
	*port = ntohs(at.sin_port);
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(port)
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		_exit(1);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

#define REAL_HOST "127.0.0.1"
#define WRONG_HOST "nohost.zz"

/* False at the end of the connection. */
static bool pass_on(int from, int to, bool answer)
{
	static char chunk[CHUNK];
	ssize_t n = read(from, chunk, sizeof(chunk));

	for (ssize_t i = 0; answer && i + (ssize_t)strlen(REAL_HOST) <= n; i++)
		if (memcmp(chunk + i, REAL_HOST, strlen(REAL_HOST)) == 0)
			memcpy(chunk + i, WRONG_HOST, strlen(WRONG_HOST));
	return n > 0 && write(to, chunk, (size_t)n) == n;
}

static void relay(int listener, uint16_t to)
{
	struct pollfd fds[1 + 2 * PIPES] = { { .fd = listener, .events = POLLIN } };
	nfds_t n = 1;

	for (;;) {
		poll(fds, n, -1);
		for (nfds_t i = 1; i < n; i++) {
			nfds_t other = i % 2 == 1 ? i + 1 : i - 1;

			if (fds[i].fd < 0 || fds[i].revents == 0 || pass_on(fds[i].fd, fds[other].fd, i % 2 == 0))
				continue;
			close(fds[i].fd);
			close(fds[other].fd);
			fds[i].fd = fds[other].fd = -1;
		}
		if (fds[0].revents != 0) {
			int near = accept(listener, NULL, NULL), far = connect_to(to);

			if (far < 0 || n + 2 > ARRAY_LEN(fds)) {
				close(near), close(far);
				continue;
			}
			fds[n++] = (struct pollfd){ near, POLLIN, 0 };
			fds[n++] = (struct pollfd){ far, POLLIN, 0 };
		}
	}
}

static pid_t start_relay(const char *brokers, char to[40])
{
	uint16_t port, real = (uint16_t)atoi(strchr(brokers, ':') + 1);
	int listener = listen_somewhere(&port);
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		dup2(listener, STDIN_FILENO);
		close_range(STDERR_FILENO + 1, ~0U, 0); /* the broker's port must not stay open here */
		listener = STDIN_FILENO;
		relay(listener, real);
	}
	close(listener);
	snprintf(to, 40, REAL_HOST ":%u", port);
	return pid;
}

static const struct fault advertised = { "an advertised name that does not resolve", { NULL }, 0,
	{ "advertises a broker as " WRONG_HOST, "advertised.listeners" }, METRIC("unresolved"), 2 };

static bool first_is_told(void *arg)
{
	return log_says(agent_process_log(arg), "no-such-host.invalid:9092 does not resolve");
}

static void the_second_cause_is_told_as_the_first(void)
{
	struct told told;
	char brokers[40], both[80];
	struct agent_process s;
	pid_t pid;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	pid = start_relay(s.brokers, brokers);
	kill(pid, SIGSTOP); /* or the broker of the list that has an address might be asked alone */
	snprintf(both, sizeof(both), "no-such-host.invalid:9092,%s", brokers);
	s.brokers = both;
	told = (struct told){ &s, &advertised };
	ok(agent_process_start(&s, NULL), "one broker of the list has no address, one advertises another");
	agent_process_send(&s, 100, 0);
	ok(agent_process_until(&s, first_is_told, &s), "the log names the one of the list");
	kill(pid, SIGCONT);
	ok(agent_process_until(&s, agent_told, &told), "health names the advertised name");
	ok(log_says(agent_process_log(&s), advertised.says[0]), "and the log does");
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 100), "nothing is lost");
	agent_process_end(&s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		the_agent_tells(&faults[i]);
		the_drain_tells(&faults[i]);
	}
	the_second_cause_is_told_as_the_first();
	return tap_done();
}
