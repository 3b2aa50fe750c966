/* SPDX-License-Identifier: Apache-2.0 */
/* process_figures.c — CPU, memory and descriptors of this process, read from /proc as the Prometheus
 * client libraries do, so that dashboards for any program show this one too. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "telemetry/metrics.h"
#include "process_figures.h"

static void add_figure(struct buf *to, const char *name, const char *help, enum metric_type type, double value)
{
	metrics_sample(to, "process_", name, NULL, help, type, value);
}

static void add_limited(struct buf *to)
{
	DIR *d = opendir("/proc/self/fd");
	struct rlimit most;
	int n = 0;

	if (d != NULL) {
		for (const struct dirent *e; (e = readdir(d)) != NULL;)
			n += e->d_name[0] != '.';
		closedir(d);
		add_figure(
		        to, "open_fds", "Open file descriptors", METRIC_GAUGE, n - 1); /* without that of opendir() */
	}
	if (getrlimit(RLIMIT_AS, &most) == 0)
		add_figure(to, "virtual_memory_max_bytes", "Most address space that may be in use", METRIC_GAUGE,
		        most.rlim_cur == RLIM_INFINITY ? 0x1p64 : (double)most.rlim_cur);
	if (getrlimit(RLIMIT_NOFILE, &most) == 0)
		add_figure(
		        to, "max_fds", "Most file descriptors that may be open", METRIC_GAUGE, (double)most.rlim_cur);
}

/* The system's boot time in seconds since 1970; 0: unknown. */
static double read_boot_time(void)
{
	FILE *f = fopen("/proc/stat", "re");
	char line[256];
	double at = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "btime %lf", &at) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return at;
}

void process_figures_add(struct buf *to)
{
	double ticks = (double)sysconf(_SC_CLK_TCK), started_at = read_boot_time();
	unsigned long user, system, threads, size;
	unsigned long long start;
	long pages;
	char text[1024];
	FILE *f = fopen("/proc/self/stat", "re");
	const char *after;
	size_t n;

	add_limited(to);
	if (f == NULL)
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	after = strrchr(text, ')'); /* the program's name may contain ')' */
	if (after == NULL || sscanf(after + 1,
	                             " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d"
	                             " %*d %*d %lu %*d %llu %lu %ld",
	                             &user, &system, &threads, &start, &size, &pages) != 6)
		return;
	add_figure(to, "cpu_seconds_total", "CPU time in user and system mode", METRIC_COUNTER,
	        (double)(user + system) / ticks);
	add_figure(to, "resident_memory_bytes", "Memory in RAM", METRIC_GAUGE,
	        (double)pages * (double)sysconf(_SC_PAGESIZE));
	add_figure(to, "virtual_memory_bytes", "Address space", METRIC_GAUGE, (double)size);
	add_figure(to, "threads", "Threads", METRIC_GAUGE, (double)threads);
	if (started_at > 0)
		add_figure(to, "start_time_seconds", "Start of the process, seconds since 1970", METRIC_GAUGE,
		        started_at + (double)start / ticks);
}
