/* SPDX-License-Identifier: Apache-2.0 */
/* slow_names.c — a name server that does not answer: looking up a name other than an address never
 * comes back. Linked into the program, this definition stands before libc's for librdkafka and libcurl. */
#include <config.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <unistd.h>

typedef int lookup_fn(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	lookup_fn *real = (lookup_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *found;

	if (node != NULL && real(node, NULL, &numeric, &found) != 0)
		for (;;)
			pause();
	if (node != NULL)
		freeaddrinfo(found);
	return real(node, service, hints, res);
}
