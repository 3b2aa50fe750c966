/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets on which this process listens: those that it opened, and those that another process opened for it, the
 * service manager or the agent that it takes over from. */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <sys/socket.h>

#include "base/err.h"

enum { LISTENERS_MOST = 16, LISTENERS_TEXT = 80 };

/* Takes the socket FD of another process, which waits for listeners_open. E_MALFORMED: it is no UDP socket and no
 * listening TCP socket; E_FULL: there are LISTENERS_MOST. FD is closed then. HELD: another process keeps it open too. */
int listeners_adopt(int fd, bool held, struct why *why) MUST_USE;

/* A descriptor bound to AT, of TYPE SOCK_DGRAM or SOCK_STREAM: an adopted socket with that address, else a new one,
 * which is bound and, of SOCK_STREAM, listens. Non-blocking. Every address is one, of whichever family. To be closed by
 * listeners_close. -errno. */
int listeners_open(int type, const struct sockaddr *at, socklen_t len) MUST_USE;
/* FD may be negative. */
void listeners_close(int fd);

/* True when FD was adopted, so its options are another's. */
bool listeners_is_adopted(int fd);
/* True when another process has the socket too: what is not read when this one ends is not lost. */
bool listeners_is_held(int fd);

/* Calls EACH for every socket that listeners_open returned, or for those adopted that it did not (SPARE). TEXT is
 * "udp [::]:6831". */
void listeners_each(bool spare, void (*each)(void *arg, int fd, const char *text), void *arg);
/* Closes the adopted sockets that nothing has opened. */
void listeners_close_spare(void);
/* Another process has every socket now. */
void listeners_hold(void);

#endif
