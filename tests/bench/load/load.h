/* What the benchmarks ask with, and what they ask of; one thread each, cheap beside what it measures.
 * The source is a provider whose pieces say when they were sent. Readers take live streams of
 * server-sent events. Callers ask one request after the other. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* A piece: ~, its number in its stream (6 digits), the time (µs, 9 digits). */
#define PIECE_BYTES 16
#define PIECE_TIMES 1000000000

int64_t now_us(void);
/* Ends the program with a line. */
_Noreturn void give_up(const char *what);
/* Socket of a connection to this machine, not blocking; -1 with errno. */
int dial(uint16_t port);
/* Sorts; the value that `part` of them do not exceed, in ms. */
double part_ms(uint32_t *times_us, size_t n, double part);

/* source PORT RATE: RATE pieces a second in each stream from SIGUSR2 on, and few before; SIGUSR1
 * ends all of them. */
int source_run(int argc, char **argv);
/* read PORT SOURCE SECONDS AT_ONCE <LINES: opens the streams, AT_ONCE of them at a time, and
 * measures for SECONDS when all are open. Signals to the process SOURCE begin and end that. A line: path,
 * token, body. */
int read_run(int argc, char **argv);
/* ask PORT [options] <LINES: callers that ask at the same time, each one request after the other. */
int ask_run(int argc, char **argv);

#endif
