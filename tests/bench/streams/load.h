/* Both ends of the streams' benchmark. The source is a provider whose pieces say when they were
 * sent; the readers take server-sent events. One thread each: they are to cost little beside what
 * they measure. */
#ifndef TESTS_BENCH_STREAMS_LOAD_H
#define TESTS_BENCH_STREAMS_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* A piece: ~, its number in its stream (6 digits), the time (µs, 9 digits). */
#define PIECE_BYTES 16
#define PIECE_TIMES 1000000000

int64_t now_us(void);
/* Ends the program with a line. */
_Noreturn void give_up(const char *what);

/* source PORT RATE: RATE pieces a second in each stream; SIGUSR1 ends all of them. */
int source_run(int argc, char **argv);
/* read PORT SOURCE SECONDS AT_ONCE <LINES: opens the streams, AT_ONCE of them at a time, and
 * measures for SECONDS when all are open. A signal to the process SOURCE ends them. A line: path,
 * token, body. */
int read_run(int argc, char **argv);

#endif
