/* SPDX-License-Identifier: Apache-2.0 */
/* test_udp.c — a listener on a real socket: every datagram once, and what is lost is counted. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listeners.h"
#include "tap.h"
#include "net/udp.h"
#include "wait.h"

struct got {
	unsigned count, want;
	unsigned pause_at;  /* pauses the listener with this datagram; 0: never */
	struct udp *paused; /* the listener */
	uint64_t bytes;
	size_t largest;
};

static void on_datagram(void *arg, struct slice bytes)
{
	struct got *g = arg;

	g->count++;
	g->bytes += bytes.len;
	if (bytes.len > g->largest)
		g->largest = bytes.len;
	if (g->count == g->pause_at)
		udp_pause(g->paused);
}

static bool has_all(void *arg)
{
	struct got *g = arg;

	return g->count >= g->want;
}

struct fixture {
	struct loop *loop;
	struct udp *udp;
	struct got got;
	int sender;
};

static bool set_up(struct fixture *f, const char *at, uint64_t buffer)
{
	struct udp_opts o = { .buffer_bytes = buffer };
	struct udp_events e = { on_datagram, &f->got };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct why why;

	memset(f, 0, sizeof(*f));
	if (units_hostport(at, &o.at, &why) < 0 || loop_open(&f->loop, &why) < 0 ||
	        udp_open(&f->udp, f->loop, &o, &e, &why) < 0) {
		diag("%s", why.text);
		return false;
	}
	to.sin_port = htons(udp_port(f->udp));
	f->sender = socket(AF_INET, SOCK_DGRAM, 0);
	return connect(f->sender, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static void tear_down(struct fixture *f)
{
	close(f->sender);
	udp_free(f->udp);
	loop_free(f->loop);
}

static void send_many(struct fixture *f, unsigned n, size_t size)
{
	static uint8_t bytes[65507];

	while (n-- > 0)
		if (send(f->sender, bytes, size, 0) < 0)
			diag("send: %s", strerror(errno));
}

static void every_datagram_comes_once(const char *at)
{
	struct fixture f;

	if (!ok(set_up(&f, at, 0), "a listener at %s", at))
		return;
	f.got.want = 503;
	send_many(&f, 500, 1200);
	send_many(&f, 1, 65507);
	send_many(&f, 2, 0);
	ok(wait_until(f.loop, has_all, &f.got, 20), "all datagrams arrive");
	is_int(f.got.count, 503, "each once");
	is_int(f.got.bytes, 500 * 1200 + 65507, "with all their bytes");
	is_int(f.got.largest, 65507, "the largest is not cut");
	is_int(udp_kernel_drops(f.udp), 0, "none dropped");
	tear_down(&f);
}

static void what_the_kernel_drops_is_counted(void)
{
	struct fixture f;
	unsigned n = 2000;

	if (!ok(set_up(&f, "127.0.0.1:0", 65536), "a listener with a small buffer"))
		return;
	udp_pause(f.udp);
	send_many(&f, n, 1200);
	ok(!udp_drain(f.udp) && f.got.count == 0, "a paused listener is not drained");
	udp_resume(f.udp);
	ok(udp_drain(f.udp), "one that reads is, to the end");
	ok(f.got.count > 0 && f.got.count < n, "some were kept while it was paused");
	is_int(f.got.count + udp_kernel_drops(f.udp), n, "and the kernel's count is the rest, to the last one");
	tear_down(&f);
}

static void pausing_holds_and_resuming_goes_on(void)
{
	struct fixture f;

	if (!ok(set_up(&f, "127.0.0.1:0", 0), "a listener"))
		return;
	udp_pause(f.udp);
	send_many(&f, 5, 100);
	wait_ms(f.loop, 30);
	is_int(f.got.count, 0, "nothing is read while it is paused");
	udp_resume(f.udp);
	f.got.want = 5;
	ok(wait_until(f.loop, has_all, &f.got, 20), "afterwards everything is");
	tear_down(&f);
}

/* One system call reads them all. Nothing more comes in, so nothing makes the socket readable again. */
static void a_pause_holds_the_rest_of_what_was_read_together(void)
{
	struct fixture f;

	if (!ok(set_up(&f, "127.0.0.1:0", 0), "a listener"))
		return;
	f.got.paused = f.udp;
	f.got.pause_at = f.got.want = 7;
	send_many(&f, 30, 100);
	ok(wait_until(f.loop, has_all, &f.got, 20), "seven are read, then it is paused");
	wait_ms(f.loop, 30);
	is_int(f.got.count, 7, "the eighth waits");
	for (f.got.want = 14; f.got.want <= 28; f.got.want += 7) {
		f.got.pause_at = f.got.want;
		udp_resume(f.udp);
		ok(wait_until(f.loop, has_all, &f.got, 20), "after a resume seven more are read");
		is_int(f.got.count, f.got.want, "and no other");
	}
	ok(!udp_drain(f.udp), "it is paused: a stop has to wait");
	udp_resume(f.udp);
	ok(udp_drain(f.udp), "resumed, it is read out");
	is_int(f.got.count, 30, "each datagram came once");
	tear_down(&f);
}

static void copy_socket(void *arg, int fd, const char *text)
{
	(void)text;
	*(int *)arg = dup(fd);
}

static void a_socket_that_another_holds_keeps_what_was_not_read(void)
{
	struct fixture f;
	uint8_t byte;
	int other = -1;

	if (!ok(set_up(&f, "127.0.0.1:0", 1 << 20), "a listener"))
		return;
	listeners_each(false, copy_socket, &other);
	listeners_hold();
	f.got.want = f.got.pause_at = 10;
	f.got.paused = f.udp;
	send_many(&f, 30, 100);
	ok(wait_until(f.loop, has_all, &f.got, 10), "it reads 30 together, and is paused after 10");
	send_many(&f, 5, 100);
	ok(!udp_drain(f.udp), "a stop has to wait");
	udp_resume(f.udp);
	ok(udp_drain(f.udp) && f.got.count == 30, "resumed, it hands out what it has read");
	send_many(&f, 5, 100);
	ok(udp_drain(f.udp) && f.got.count == 30, "and reads no more");
	udp_free(f.udp);
	f.udp = NULL;
	for (int i = 0; i < 10; i++)
		if (recv(other, &byte, 1, MSG_DONTWAIT) < 0)
			f.got.count = 0;
	ok(f.got.count == 30 && recv(other, &byte, 1, MSG_DONTWAIT) < 0, "the ten others wait in the socket");
	close(other);
	tear_down(&f);
}

static void a_taken_port_is_said_in_one_sentence(void)
{
	struct fixture f;
	struct udp_opts o = { 0 };
	struct udp_events e = { on_datagram, NULL };
	struct udp *second = NULL;
	struct why why = { 0 };

	if (!ok(set_up(&f, "127.0.0.1:0", 0), "a listener"))
		return;
	o.at = (struct hostport){ "127.0.0.1", udp_port(f.udp) };
	ok(udp_open(&second, f.loop, &o, &e, &why) < 0 && strstr(why.text, "in use"), "the second is refused: %s",
	        why.text);
	o.at = (struct hostport){ "no.such.host.invalid", 1 };
	ok(udp_open(&second, f.loop, &o, &e, &why) < 0 && strstr(why.text, "no.such.host"), "a host that is none: %s",
	        why.text);
	tear_down(&f);
}

static int refusing; /* errno of recvmmsg; 0: it reads */
static uint64_t reads;

int __real_recvmmsg(int fd, struct mmsghdr *to, unsigned n, int flags, struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *to, unsigned n, int flags, struct timespec *timeout);

int __wrap_recvmmsg(int fd, struct mmsghdr *to, unsigned n, int flags, struct timespec *timeout)
{
	reads++;
	if (refusing == 0)
		return __real_recvmmsg(fd, to, n, flags, timeout);
	errno = refusing;
	return -1;
}

static bool has_read_often(void *arg)
{
	(void)arg;
	return reads >= 30;
}

static void a_read_that_fails_is_repeated_after_a_pause(void)
{
	enum { PAUSE_MS = 7 }; /* a timer of libuv may end within its last millisecond */
	static const int errors[] = { ENOMEM, ENOBUFS, ENETDOWN };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct fixture f;
		uint64_t began = clock_mono_us(), ms;

		if (!ok(set_up(&f, "127.0.0.1:0", 0), "a listener"))
			return;
		refusing = errors[i];
		reads = 0;
		send_many(&f, 5, 100);
		ok(wait_until(f.loop, has_read_often, NULL, 60), "%s: it tries again and again", strerror(errors[i]));
		ms = (clock_mono_us() - began) / US_PER_MS;
		is_int((int64_t)udp_read_errors(f.udp), reads, "each is counted");
		ok(reads <= ms / PAUSE_MS + 2, "%u reads in %u ms, each after a pause", (unsigned)reads, (unsigned)ms);
		refusing = 0;
		f.got.want = 5;
		ok(wait_until(f.loop, has_all, &f.got, 20), "when it can, it reads what has waited");
		tear_down(&f);
	}
}

static int rmem_max; /* the limit of SO_RCVBUF, and no privilege to exceed it; 0: those of this process */

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (rmem_max > 0 && level == SOL_SOCKET && name == SO_RCVBUFFORCE) {
		errno = EPERM;
		return -1;
	}
	if (rmem_max > 0 && level == SOL_SOCKET && name == SO_RCVBUF && *(const int *)value > rmem_max)
		value = &rmem_max;
	return __real_setsockopt(fd, level, name, value, len);
}

/* Opens a listener that asks for BYTES, and appends what it logs to TEXT. */
static void open_logged(uint64_t bytes, char text[4096])
{
	struct fixture f;
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	fflush(stderr);
	if (log == NULL || saved < 0 || dup2(fileno(log), STDERR_FILENO) < 0 || !set_up(&f, "127.0.0.1:0", bytes))
		exit(99);
	tear_down(&f);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	n = fread(text, 1, 4095, log);
	text[n] = '\0';
	fclose(log);
}

static void a_buffer_cut_short_names_the_sysctl(void)
{
	char text[4096];

	rmem_max = 100000;
	open_logged(300000, text);
	ok(strstr(text, "100000 bytes, not the 300000 asked for") != NULL,
	        "a buffer cut short: the log gives both sizes");
	ok(strstr(text, "sysctl -w net.core.rmem_max=300000") != NULL, "and says which sysctl to raise, and to what");
	open_logged(100000, text);
	ok(strstr(text, "rmem_max") == NULL, "as much as was asked for: it says nothing");
	rmem_max = 0;
}

int main(void)
{
	every_datagram_comes_once("127.0.0.1:0");
	every_datagram_comes_once(":0");
	what_the_kernel_drops_is_counted();
	pausing_holds_and_resuming_goes_on();
	a_pause_holds_the_rest_of_what_was_read_together();
	a_socket_that_another_holds_keeps_what_was_not_read();
	a_taken_port_is_said_in_one_sentence();
	a_read_that_fails_is_repeated_after_a_pause();
	a_buffer_cut_short_names_the_sysctl();
	return tap_done();
}
