/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h — a world for store and forward in which time, disk and worker do what the test says.
 *
 * The program's own loop.h, clock.h, spool.h and udp.h are met by these instead of the real ones: nothing
 * waits, nothing is written, and a life can end between any two steps. */
#ifndef SIM_H
#define SIM_H

#include "loop/loop.h"
#include "spool/spool.h"
#include "net/udp.h"

/* The clocks. */
extern uint64_t sim_mono_us;
extern uint64_t sim_wall_ms;

/* Rings what is due, then calls the hooks: one turn of the loop. */
void sim_turn(struct loop *l);
/* The worker's part of what was started; false when there is none. */
bool sim_work_run(struct loop *l);
/* Tells the loop that the worker is done; false when it has not run. */
bool sim_work_done(struct loop *l);

/* Puts a datagram into the socket buffer of the listener that was opened last. */
void sim_udp_send(struct slice bytes);
/* The listener reads its socket buffer until that is empty or the listener is paused. */
void sim_udp_readable(void);
/* Datagrams in the socket buffer, and those that were there when a listener was closed. */
uint64_t sim_udp_unread(void);
uint64_t sim_udp_closed_on(void);
bool sim_udp_paused(void);
/* The process is gone, and its socket buffer with it. */
void sim_udp_cut(void);

/* The disk outlives the lives that use it. */
enum { SIM_RECORDS = 1 << 16 };

struct sim_record {
	uint64_t boot, sequence, received_ms;
	uint8_t head[32]; /* of the batch's bytes, for whoever numbers batches there */
	uint32_t spans;
	uint32_t size;
	bool maybe_dup;
	bool damaged;
};

struct sim_disk {
	struct sim_record record[SIM_RECORDS]; /* by position; 0 is not used */
	uint64_t end;
	uint64_t spans_put;
	struct spool_state durable; /* survives everything */
	struct spool_state live;    /* survives a kill */
	bool has_live;
	void (*set_aside)(const struct batch *b); /* B is in the quarantine; NULL: nobody asks */
	int read_rc;                              /* why nothing can be read back; 0: all can */
	int put_rc;                               /* what the next turns answer: 0, E_FULL, E_IO */
	uint64_t put_at_most;                     /* batches a turn stores at most; 0 no matter */
	uint64_t lowest;                          /* positions below are unlinked */
	uint64_t live_count;                      /* notes written in this life */
};

extern struct sim_disk *sim_disk;

/* A power cut: what was only noted for a kill is gone. */
void sim_disk_cut(void);

#endif
