/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_input.c — what comes in by UDP: either protocol on either port, and every datagram of
 * the corpus on each of the three, by IPv4 and IPv6, counted by its cause. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "corpus.h"
#include "agent_process.h"
#include "tap.h"
#include "testkit/ports.h"

enum { MAX_PACKET = 65000 };

/* Outcomes of the datagrams that the agent has received since BEFORE. */
static void since(struct agent_process *s, const struct ledger *before, uint64_t *outcome)
{
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		outcome[i] = s->ledger.outcome[i] - before->outcome[i];
}

struct received {
	struct agent_process *stage;
	uint64_t want;
};

static bool has_received(void *arg)
{
	struct received *r = arg;

	return agent_process_ledger(r->stage)->received >= r->want;
}

/* One of the agent's ports, of 127.0.0.1 or ::1. */
struct way {
	const char *name;
	uint16_t port;
	bool six;
};

static bool send_by(const struct way *w, struct slice datagram)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(w->port) };
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = htons(w->port), .sin6_addr = in6addr_loopback
	};
	int fd = socket(w->six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct sockaddr *to = w->six ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
	ssize_t sent;

	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sent = sendto(fd, datagram.at, datagram.len, 0, to, w->six ? sizeof(six) : sizeof(four));
	close(fd);
	return sent == (ssize_t)datagram.len;
}

static bool send_and_wait(struct agent_process *s, const struct way *w, struct slice datagram)
{
	struct received r = { s, s->ledger.received + 1 };

	return send_by(w, datagram) && agent_process_until(s, has_received, &r);
}

static void either_protocol_comes_in_at_either_port(void)
{
	struct agent_process s;
	uint16_t port;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	port = s.compact;
	s.compact = s.binary;
	s.binary = port;
	agent_process_send(&s, 1000, 10000);
	ok(agent_process_accepted(&s, 1000), "1,000 spans are accepted through the other's port");
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	is_int(tally_total(s.tally).missing, 0, "the topic misses none");
	agent_process_end(&s);
}

/* Is what the ledger counted for this case one of the outcomes that are right? */
static bool is_right(const struct corpus_case *c, const uint64_t *outcome)
{
	bool accepted = outcome[LEDGER_ACCEPTED] == 1, malformed = outcome[LEDGER_MALFORMED] == 1;
	bool unknown = outcome[LEDGER_UNKNOWN_METHOD] == 1, oversize = outcome[LEDGER_OVERSIZE] == 1;

	if (accepted + malformed + unknown + oversize != 1)
		return false;
	if (c->datagram.len > MAX_PACKET)
		return oversize && c->oversize;
	switch (c->verdict) {
	case CORPUS_ACCEPT:
		return accepted;
	case CORPUS_REJECT:
		return (malformed && c->malformed) || (unknown && c->unknown_method);
	case CORPUS_EITHER:
		return true;
	}
	return false;
}

static void send_corpus(struct agent_process *s, const struct corpus *all, const struct way *w)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct corpus_case *c = &all->at[i];
		struct ledger before = s->ledger;
		uint64_t outcome[LEDGER_OUTCOMES_N], spans;
		bool came;

		if (c->prefixes)
			continue;
		came = send_and_wait(s, w, buf_slice(&c->datagram));
		since(s, &before, outcome);
		spans = s->ledger.accepted.spans - before.accepted.spans;
		ok(came && is_right(c, outcome), "%s: %s", w->name, c->name);
		if (outcome[LEDGER_ACCEPTED] == 1 && c->spans >= 0 && !c->zipkin)
			is_int((int64_t)spans, c->spans, "its spans are counted");
	}
}

static void every_datagram_of_the_corpus_is_counted_by_its_cause(void)
{
	struct corpus all;
	struct agent_process s;
	struct way ways[] = { { "6831", 0, false }, { "6832, IPv6", 0, true }, { "5775", 0, false } };
	char binary[80], zipkin[80];

	corpus_load(&all);
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ways[0].port = s.compact;
	ways[1].port = s.binary;
	if (ports_free(PORTS_UDP, &ways[2].port) < 0)
		exit(99);
	snprintf(binary, sizeof(binary), "--processor.jaeger-binary.server-host-port=[::1]:%u", ways[1].port);
	snprintf(zipkin, sizeof(zipkin), "--processor.zipkin-compact.server-host-port=127.0.0.1:%u", ways[2].port);
	ok(agent_process_start(&s, binary, zipkin), "the agent serves");
	agent_process_ledger(&s);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		send_corpus(&s, &all, &ways[i]);
	ok(agent_process_is_empty(&s), "all that was accepted leaves the agent");
	is_int(agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans, (int64_t)s.ledger.accepted.spans,
	        "and is delivered");
	is_int(agent_process_stop(&s), 0, "the agent has survived it all");
	agent_process_end(&s);
	corpus_free(&all);
}

static void every_prefix_of_a_datagram_is_malformed(void)
{
	struct corpus all;
	struct agent_process s;
	const struct corpus_case *c;
	struct received r;

	corpus_load(&all);
	c = corpus_find(&all, "prefixes-compact");
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	for (size_t len = 0; len < c->datagram.len; len++)
		agent_process_send_raw(&s, s.compact, c->datagram.at, len);
	r = (struct received){ &s, c->datagram.len };
	ok(agent_process_until(&s, has_received, &r), "%zu prefixes are received, the empty one too", c->datagram.len);
	is_int((int64_t)s.ledger.outcome[LEDGER_ACCEPTED], 0, "none is accepted");
	is_int((int64_t)s.ledger.outcome[LEDGER_MALFORMED], (int64_t)c->datagram.len, "all are malformed");
	is_int(agent_process_stop(&s), 0, "the agent has survived it");
	agent_process_end(&s);
	corpus_free(&all);
}

int main(void)
{
	either_protocol_comes_in_at_either_port();
	every_datagram_of_the_corpus_is_counted_by_its_cause();
	every_prefix_of_a_datagram_is_malformed();
	return tap_done();
}
