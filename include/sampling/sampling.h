/* SPDX-License-Identifier: Apache-2.0 */
/* The sampling server on port 5778: answers clients with remote samplers, from a collector's strategies or a file's. */
#ifndef SAMPLING_H
#define SAMPLING_H

#include "base/units.h"
#include "http/client.h"
#include "telemetry/health.h"

struct sampling_opts {
	struct hostport at;      /* of the server; port 0: any free port */
	const char *const *urls; /* of strategies, without "?service="; asked in turn when one fails. Borrowed */
	size_t nurls;
	struct http_client_opts client; /* for these URLs; borrowed */
	const char *file;               /* strategies in Jaeger's format instead of URLs; NULL: none. Borrowed */
	const char *cache;              /* file that keeps the strategies over restarts; NULL: none. Borrowed */
	uint64_t refresh_us;            /* a strategy in use is fetched again after this time */
	size_t max_services;            /* most services whose strategies are kept */
};

enum sampling_route { SAMPLING_MODERN, SAMPLING_LEGACY, SAMPLING_BAGGAGE, SAMPLING_ROUTES };

struct sampling_stats {
	uint64_t requests[SAMPLING_ROUTES]; /* answered well, as jaeger-agent counts them */
	uint64_t bad_requests;              /* answered 400 */
	uint64_t unavailable;               /* answered 500: no strategy can be had */
	uint64_t baggage;                   /* of these, requests for baggage restrictions, which no collector has */
	uint64_t too_large;                 /* answered 500: the strategy does not fit the legacy format */
	uint64_t fetches, failed_fetches;   /* of strategies, from the URLs */
	uint64_t services;                  /* known now */
	uint64_t forgotten;                 /* services that made way for others */
	uint64_t oldest_age_s;              /* of the strategies in use, seconds */
};

struct sampling;

/* Reads the file or the cache and opens the port. HEALTH is borrowed; part "sampling" is posted. */
int sampling_open(struct sampling **out, struct loop *l, const struct sampling_opts *opts, struct health *health,
        struct why *why) MUST_USE;
uint16_t sampling_port(const struct sampling *s);
void sampling_stats(const struct sampling *s, struct sampling_stats *to);
/* Writes the cache, waiting for the disk. To be called when the process stops. */
void sampling_save(struct sampling *s);
/* Closes the port; clients that wait get no answer. S may be NULL. */
void sampling_free(struct sampling *s);

/* 0 when FILE can be read and is valid. */
int sampling_check_file(const char *file, struct why *why) MUST_USE;

#endif
