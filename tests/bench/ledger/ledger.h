/* The ledger's benchmark: what its files share. */
#ifndef TESTS_BENCH_LEDGER_LEDGER_H
#define TESTS_BENCH_LEDGER_LEDGER_H

#include "runtime/base/uuid.h"
#include "tests/lib/process.h"

/* A number of the environment. */
long bench_number(const char *name, long fallback);
/* Sorts the values. */
double bench_median(double *values, size_t n);
/* One line of the result. */
void bench_print(const char *name, double ours, double peer, const char *unit);
/* Id of the n-th account. SQL makes the same one: bench_user_sql. */
void bench_user(long n, char out[UUID_SIZE]);
#define BENCH_USER_SQL "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"

/* Each fills the database and starts what it measures. */
void bench_pairs(void);
void bench_reads(void);

#endif
