/* Time in a process. Truth about dates is PostgreSQL's (lc.now()); this is for deadlines, logs and
 * tokens. */
#ifndef RUNTIME_BASE_CLOCK_H
#define RUNTIME_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define US_PER_MS 1000LL
#define US_PER_S 1000000LL

/* CLOCK_MONOTONIC in microseconds: deadlines and durations. */
int64_t clock_mono_us(void);

/* ms milliseconds from now on CLOCK_MONOTONIC, as pthread_cond_clockwait wants it. */
struct timespec clock_mono_after(int64_t ms);

/* CLOCK_REALTIME in microseconds since 1970: logs and tokens only. */
int64_t clock_wall_us(void);

/* "2026-11-21T10:58:00.123456Z" of microseconds since 1970 (RFC 3339, UTC) into out. Years 0001 to
 * 9999. */
#define CLOCK_RFC3339_SIZE 28
void clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE]);

/* Reads RFC 3339 with any offset and 0 to 9 digits of fraction. Returns 0, or -1 when it is not
 * one. */
int clock_parse_rfc3339(const char *text, size_t len, int64_t *ret_wall_us);

#endif
