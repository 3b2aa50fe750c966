/* SPDX-License-Identifier: Apache-2.0 */
/* addresses.c — looks up a host name in a detached thread, periodically.
 *
 *   timer ──► look_up() in its thread ──► on_looked_up(): new list, or error ──► timer
 *     └── last lookup still running: error "no name server answers" ──► timer */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/addresses.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/slice.h"

/* "[", an IPv6 address, "%" and an interface, "]:65535". */
enum { ADDRESS_BYTES = INET6_ADDRSTRLEN + 32 };

typedef char address_text[ADDRESS_BYTES];

/* Enough for the names of the first addresses that are not used. */
enum { LEFT_OUT_BYTES = 512 };

struct address_list {
	size_t n;
	address_text at[ADDRESSES_MOST];
};

/* One lookup; used only by the thread until on_looked_up(). */
struct lookup {
	struct addresses *owner;
	char *host;
	uint16_t port;
	int rc;                        /* result of getaddrinfo() */
	bool no_descriptor;            /* it failed for lack of a file descriptor */
	struct address_list found;     /* of the family of the first address, */
	struct address_list other;     /* and of the other one */
	size_t nleft_out;              /* addresses beyond ADDRESSES_MOST, */
	char left_out[LEFT_OUT_BYTES]; /* as many of them as fit, as text */
};

struct addresses {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	char *host;
	uint16_t port;
	uint64_t every_ms;
	struct timer *timer;
	struct detached *lookup; /* the lookup under way; NULL: none */
	struct address_list list;
	struct address_list other; /* of the other family, not in use */
	bool turned;               /* addresses_turn was called an odd number of times */
	struct why error;          /* code 0: none */
};

/* ---- in the thread ---- */

static void print_address(const struct addrinfo *ai, uint16_t port, address_text to)
{
	char host[ADDRESS_BYTES - 8] = "";

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) != 0)
		return;
	snprintf(to, ADDRESS_BYTES, ai->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Sorts the N texts at ALL and moves the distinct ones to the front; returns their number. */
static size_t sort_unique(address_text *all, size_t n)
{
	size_t kept = 0;

	qsort(all, n, sizeof(*all), compare_texts);
	for (size_t i = 0; i < n; i++)
		if (all[i][0] != '\0' && (kept == 0 || strcmp(all[i], all[kept - 1]) != 0))
			memmove(all[kept++], all[i], sizeof(*all));
	return kept;
}

static void print_left_out(struct lookup *u, address_text *rest, size_t n)
{
	int len = 0;

	u->nleft_out = n;
	for (size_t i = 0; i < n && len < LEFT_OUT_BYTES; i++)
		len += snprintf(u->left_out + len, (size_t)(LEFT_OUT_BYTES - len), "%s%s", i == 0 ? "" : ", ", rest[i]);
}

/* Sets TO to the addresses of FOUND that are of the family of the first one, or of the OTHER family. Those beyond
 * ADDRESSES_MOST are noted in U unless OTHER. */
static int set_list(struct lookup *u, const struct addrinfo *found, bool other, struct address_list *to)
{
	address_text *all;
	size_t n = 0;

	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
		n++;
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		return EAI_MEMORY;
	n = 0;
	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
		if ((ai->ai_family != found->ai_family) == other)
			print_address(ai, u->port, all[n++]);
	n = sort_unique(all, n);
	to->n = (size_t)min_u64(n, ADDRESSES_MOST);
	memcpy(to->at, all, to->n * sizeof(*all));
	if (!other)
		print_left_out(u, all + to->n, n - to->n);
	free(all);
	return 0;
}

static int set_found(struct lookup *u, const struct addrinfo *found)
{
	int rc = set_list(u, found, false, &u->found);

	if (rc == 0)
		rc = set_list(u, found, true, &u->other);
	return rc != 0 || u->found.n > 0 ? rc : EAI_NONAME;
}

static void look_up(void *arg)
{
	struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	struct lookup *u = arg;

	u->rc = getaddrinfo(u->host, NULL, &want, &found);
	if (u->rc != 0) {
		u->no_descriptor = descriptors_used_up();
		return;
	}
	u->rc = set_found(u, found);
	freeaddrinfo(found);
}

/* ---- on the loop ---- */

static void lookup_free(void *arg)
{
	struct lookup *u = arg;

	free(u->host);
	free(u);
}

/* Logs only the first failure in a row: when the name server is away two reasons alternate. A name that never had an
 * address is for the caller to report. */
static void fail_lookup(struct addresses *a, const char *reason)
{
	bool is_first = a->error.code == 0;

	why_set(&a->error, E_MISSING, "%s cannot be looked up: %s", a->host, reason);
	if (is_first && a->list.n > 0)
		log_warn("http: %s; %zu addresses found before stay in use", a->error.text, a->list.n);
}

static void clear_error(struct addresses *a)
{
	if (a->error.code != 0 && a->list.n > 0)
		log_info("http: %s can be looked up again", a->host);
	a->error = (struct why){ 0, "" };
}

static bool same_list(const struct address_list *x, const struct address_list *y)
{
	return x->n == y->n && memcmp(x->at, y->at, x->n * sizeof(x->at[0])) == 0;
}

static void swap_lists(struct address_list *x, struct address_list *y)
{
	struct address_list was = *x;

	*x = *y;
	*y = was;
}

static bool is_numeric(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static void on_looked_up(void *arg)
{
	struct lookup *u = arg;
	struct addresses *a = u->owner;
	bool differs = false;

	a->lookup = NULL;
	if (u->rc != 0) {
		fail_lookup(
		        a, u->no_descriptor ? "no file descriptor is free: raise LimitNOFILE" : gai_strerror(u->rc));
	} else {
		if (a->turned && u->other.n > 0)
			swap_lists(&u->found, &u->other);
		differs = !same_list(&a->list, &u->found);
		clear_error(a);
		a->list = u->found;
		a->other = u->other;
		if (is_numeric(a->host))
			timer_stop(a->timer); /* no later lookup finds another list */
	}
	if (differs && u->nleft_out > 0)
		log_warn("http: %s has %zu addresses, of which %zu are used; not used: %s", a->host,
		        u->found.n + u->nleft_out, u->found.n, u->left_out);
	lookup_free(u);
	if (differs)
		a->changed(a->arg);
}

static int begin_lookup(struct addresses *a)
{
	struct lookup *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return E_NOMEM;
	u->owner = a;
	u->port = a->port;
	u->host = strdup(a->host);
	if (u->host == NULL || detached_start(&a->lookup, a->loop, look_up, on_looked_up, lookup_free, u) < 0) {
		lookup_free(u);
		return E_NOMEM;
	}
	return 0;
}

static void on_timer(void *arg)
{
	struct addresses *a = arg;

	timer_start(a->timer, a->every_ms);
	if (a->lookup != NULL)
		fail_lookup(a, "no name server answers");
	else if (begin_lookup(a) < 0)
		fail_lookup(a, "out of memory");
}

int addresses_open(struct addresses **out, struct loop *l, const char *host, uint16_t port, uint64_t every_ms,
        void (*changed)(void *arg), void *arg)
{
	struct addresses *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return E_NOMEM;
	a->loop = l;
	a->port = port;
	a->every_ms = every_ms == 0 ? ADDRESSES_EVERY_MS : every_ms;
	a->changed = changed;
	a->arg = arg;
	a->host = strdup(host);
	if (a->host == NULL || timer_open(&a->timer, l, on_timer, a) < 0) {
		addresses_free(a);
		return E_NOMEM;
	}
	timer_start(a->timer, 0);
	*out = a;
	return 0;
}

void addresses_free(struct addresses *a)
{
	if (a == NULL)
		return;
	detached_abandon(a->lookup);
	timer_free(a->timer);
	free(a->host);
	free(a);
}

bool addresses_turn(struct addresses *a)
{
	if (a->other.n == 0)
		return false;
	a->turned = !a->turned;
	swap_lists(&a->list, &a->other);
	a->changed(a->arg);
	return true;
}

size_t addresses_count(const struct addresses *a)
{
	return a->list.n;
}

const char *addresses_at(const struct addresses *a, size_t i)
{
	return a->list.at[i];
}

const char *addresses_error(const struct addresses *a)
{
	return a->error.text;
}
