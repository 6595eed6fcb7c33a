/* Shared by all clients of the RPC benchmark, C and C++: arguments, latencies, the line that `run`
 * reads. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ECHO_ID "018f3c1e-7b5a-7c3e-9d3e-111111111111"
#define ECHO_NOTE "a short note that looks like a chat message of a user"
#define ECHO_AMOUNT 123456

/* argv: URL call CALLERS CONNECTIONS SECONDS | URL stream MESSAGES BYTES */
struct plan {
	const char *url;
	int stream;
	int callers, connections, seconds;
	int64_t messages;
	int payload_bytes;
};

static inline int plan_read(struct plan *plan, int argc, char **argv)
{
	memset(plan, 0, sizeof(*plan));
	if (argc == 6 && strcmp(argv[2], "call") == 0) {
		plan->callers = (int)strtol(argv[3], NULL, 10);
		plan->connections = (int)strtol(argv[4], NULL, 10);
		plan->seconds = (int)strtol(argv[5], NULL, 10);
	} else if (argc == 5 && strcmp(argv[2], "stream") == 0) {
		plan->stream = 1;
		plan->messages = strtoll(argv[3], NULL, 10);
		plan->payload_bytes = (int)strtol(argv[4], NULL, 10);
	} else {
		fprintf(stderr,
			"usage: %s URL call CALLERS CONNECTIONS SECONDS | URL stream MESSAGES "
			"BYTES\n",
			argv[0]);
		return -1;
	}
	plan->url = argv[1];
	return 0;
}

static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Latencies in buckets of 1 µs up to 100 ms. One per caller, added at the end: no caller waits for
 * another one's counter. */
#define BUCKETS 100000

struct latencies {
	uint64_t calls;
	uint32_t buckets[BUCKETS];
};

static inline void latencies_add(struct latencies *l, int64_t ns)
{
	int64_t us = ns / 1000;

	l->buckets[us < BUCKETS ? us : BUCKETS - 1]++;
	l->calls++;
}

static inline void latencies_sum(struct latencies *sum, const struct latencies *l)
{
	sum->calls += l->calls;
	for (int i = 0; i < BUCKETS; i++)
		sum->buckets[i] += l->buckets[i];
}

static inline int latencies_quantile(const struct latencies *l, double q)
{
	uint64_t left = (uint64_t)(l->calls * q);
	int i = 0;

	while (i < BUCKETS - 1 && left >= l->buckets[i])
		left -= l->buckets[i++];
	return i;
}

static inline void print_calls(const struct latencies *sum, int64_t ns)
{
	printf("%.0f %d %d\n", sum->calls * 1e9 / ns, latencies_quantile(sum, 0.5),
	       latencies_quantile(sum, 0.99));
	fflush(stdout);
}

static inline void print_stream(int64_t messages, int64_t bytes, int64_t ns)
{
	printf("%.0f %.0f\n", messages * 1e9 / ns, bytes * 1e9 / ns);
	fflush(stdout);
}

#endif
