/* intake.c — reads, transcodes, counts.
 *
 * Every datagram ends in exactly one outcome of the ledger. Whatever the port, the protocol is found
 * by the first byte: senders mix up 6831 and 6832 often enough. */
#include <stdlib.h>

#include "agent_tags.h"
#include "clock.h"
#include "intake.h"
#include "log.h"
#include "transcode.h"

struct port {
	struct intake *intake;
	enum intake_port which;
	uint64_t max_packet;
	struct udp *udp;
	uint64_t drops_counted;
};

struct intake {
	struct forward *to;
	struct health *health;
	struct port ports[INTAKE_PORTS];
	struct transcode_tags tags;
	struct buf encoded_tags;
	uint8_t *scratch; /* one transcoded datagram */
	size_t scratch_size;
	bool holding;
	struct intake_stats stats;
};

const char *const intake_port_names[INTAKE_PORTS] = { "jaeger-compact", "jaeger-binary",
	"zipkin-compact" };

static void refuse(struct port *p, enum ledger_outcome outcome, size_t len)
{
	struct intake *i = p->intake;

	ledger_datagram(forward_ledger(i->to), outcome);
	i->stats.last[outcome].port = p->which;
	i->stats.last[outcome].len = len;
}

static enum ledger_outcome refusal(int rc)
{
	return rc == E_UNKNOWN_METHOD ? LEDGER_UNKNOWN_METHOD : LEDGER_MALFORMED;
}

static void hold_back(struct intake *i)
{
	i->holding = true;
	i->stats.held_back++;
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		if (i->ports[n].udp != NULL)
			udp_pause(i->ports[n].udp);
}

static void on_room(void *arg)
{
	struct intake *i = arg;

	if (!i->holding)
		return;
	i->holding = false;
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		if (i->ports[n].udp != NULL)
			udp_resume(i->ports[n].udp);
}

static void on_datagram(void *arg, struct slice bytes)
{
	struct port *p = arg;
	struct intake *i = p->intake;
	struct transcode_facts facts;
	struct batch *b;
	int rc;

	i->stats.datagrams[p->which]++;
	i->stats.bytes[p->which] += bytes.len;
	if (bytes.len > p->max_packet) {
		refuse(p, LEDGER_OVERSIZE, bytes.len);
		return;
	}
	rc = transcode_datagram(bytes, &i->tags, i->scratch, i->scratch_size, &facts);
	if (rc < 0) {
		refuse(p, refusal(rc), bytes.len);
		return;
	}
	b = batch_new((uint32_t)facts.size);
	if (b == NULL) {
		refuse(p, LEDGER_QUEUE_FULL, bytes.len);
		return;
	}
	memcpy(b->bytes, i->scratch, facts.size);
	b->spans = facts.spans;
	b->read_us = clock_mono_us();
	b->received_ms = clock_wall_ms();
	ledger_datagram(forward_ledger(i->to), LEDGER_ACCEPTED);
	forward_accept(i->to, b);
	if (!i->holding && !forward_has_room(i->to))
		hold_back(i);
}

static int open_port(struct intake *i, struct loop *l, enum intake_port which,
        const struct intake_listener *o, struct why *why)
{
	struct port *p = &i->ports[which];
	struct udp_opts udp = { .buffer_bytes = o->buffer_bytes };
	struct udp_events events = { on_datagram, p };
	char size[32];

	*p = (struct port){ .intake = i, .which = which, .max_packet = o->max_packet };
	if (strcmp(o->host_port, "none") == 0)
		return 0;
	if (units_hostport(o->host_port, &udp.at, why) < 0 ||
	        udp_open(&p->udp, l, &udp, &events, why) < 0)
		return why_wrap(why, "processor.%s.server-host-port", intake_port_names[which]);
	log_info("intake: listening on %s:%u (%s), socket buffer %s",
	        udp.at.host[0] ? udp.at.host : "*", udp_port(p->udp), intake_port_names[which],
	        units_print_size(udp_buffer_bytes(p->udp), size, sizeof(size)));
	return 0;
}

int intake_open(struct intake **out, struct loop *l, const struct intake_opts *opts,
        struct forward *to, struct health *health, struct why *why)
{
	struct intake *i = calloc(1, sizeof(*i));
	uint64_t largest = 0;

	if (i == NULL)
		return why_set(why, E_NOMEM, "intake");
	i->to = to;
	i->health = health;
	if (agent_tags_encode(opts->tags, getenv, &i->encoded_tags, &i->tags, why) < 0) {
		why_wrap(why, "agent.tags");
		goto fail;
	}
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		largest = max_u64(largest, opts->listeners[n].max_packet);
	i->scratch_size = transcode_bound(largest, &i->tags);
	i->scratch = malloc(i->scratch_size); /* touched only as far as batches reach */
	if (i->scratch == NULL) {
		why_set(why, E_NOMEM, "intake");
		goto fail;
	}
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		if (open_port(i, l, (enum intake_port)n, &opts->listeners[n], why) < 0)
			goto fail;
	forward_on_room(to, on_room, i);
	*out = i;
	return 0;
fail:
	intake_free(i);
	return why->code;
}

const struct intake_stats *intake_stats(const struct intake *i)
{
	return &i->stats;
}

void intake_count_drops(struct intake *i)
{
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		struct port *p = &i->ports[n];
		uint64_t drops;

		if (p->udp == NULL)
			continue;
		drops = udp_kernel_drops(p->udp);
		if (drops > p->drops_counted) {
			i->stats.overrun = p->which;
			i->stats.overrun_capacity = udp_buffer_bytes(p->udp);
		}
		forward_ledger(i->to)->kernel_dropped += drops - p->drops_counted;
		p->drops_counted = drops;
	}
}

void intake_stop(struct intake *i)
{
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		if (i->ports[n].udp == NULL)
			continue;
		udp_drain(i->ports[n].udp);
	}
	intake_count_drops(i);
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		udp_free(i->ports[n].udp);
		i->ports[n].udp = NULL;
	}
}

void intake_free(struct intake *i)
{
	if (i == NULL)
		return;
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		udp_free(i->ports[n].udp);
	buf_free(&i->encoded_tags);
	free(i->scratch);
	free(i);
}
