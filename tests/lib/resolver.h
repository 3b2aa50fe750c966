/* SPDX-License-Identifier: Apache-2.0 */
/* resolver.h — the name server of a test: every name that ends in .test has the addresses that the test says. Linked
 * into the program, its getaddrinfo stands before libc's, for libcurl too. Included by one file of a test, after
 * config.h. */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct resolver {
	pthread_mutex_t lock;
	const char *const *answer; /* NULL-terminated; NULL: there is none, and FAILURE says why */
	int failure;               /* of getaddrinfo; 0: EAI_NONAME */
	size_t lookups;
} resolver = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Held by the test while the name server of hangs.test hangs. */
static pthread_mutex_t resolver_held = PTHREAD_MUTEX_INITIALIZER;

typedef int lookup_fn(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);

/* In the reverse order of TEXTS. */
static int resolver_find(const char *const *texts, const char *service, struct addrinfo **res, lookup_fn *real)
{
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };

	*res = NULL;
	for (; texts != NULL && *texts != NULL; texts++) {
		struct addrinfo *one = NULL;

		if (real(*texts, service, &numeric, &one) != 0)
			abort();
		one->ai_next = *res;
		*res = one;
	}
	if (*res != NULL)
		return 0;
	return resolver.failure == 0 ? EAI_NONAME : resolver.failure;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	lookup_fn *real = (lookup_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	int rc;

	if (node == NULL)
		return real(node, service, hints, res);
	if (strcmp(node, "hangs.test") == 0) {
		pthread_mutex_lock(&resolver_held);
		pthread_mutex_unlock(&resolver_held);
	}
	pthread_mutex_lock(&resolver.lock);
	resolver.lookups++;
	rc = strstr(node, ".test") == NULL ? real(node, service, hints, res)
	                                   : resolver_find(resolver.answer, service, res, real);
	pthread_mutex_unlock(&resolver.lock);
	return rc;
}

static inline void resolver_answer(const char *const *texts)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.answer = texts;
	pthread_mutex_unlock(&resolver.lock);
}

static inline size_t resolver_lookups(void)
{
	size_t n;

	pthread_mutex_lock(&resolver.lock);
	n = resolver.lookups;
	pthread_mutex_unlock(&resolver.lock);
	return n;
}

#endif
