/* The ledger's figures, each beside its peer in the same run on the same PostgreSQL, whose disk is
 * synchronised; one JSON object a line on standard output.
 *
 *   ledger pairs     hold and settle over RPC against pgbench's TPC-B-like transaction
 *   ledger reads     balance and usage with many transfers against few
 *
 * Environment: SECONDS_EACH (10), REPEAT (3; the median counts), CALLERS (256), ACCOUNTS (10,000),
 * SCALE (50; of pgbench), CLIENTS (32; of pgbench), TRANSFERS (10,000,000), READS (20,000). */
#include "tests/bench/ledger/ledger.h"

#include "runtime/base/ensure.h"
#include "tests/lib/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As `make run` has them. */
static const char *const settings[] = {"max_connections=200", "shared_buffers=128MB", "jit=off",
				       "log_min_messages=warning", NULL};

long bench_number(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : fallback;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, compare_doubles);
	return values[n / 2];
}

void bench_print(const char *name, double ours, double peer, const char *unit)
{
	printf("{\"bench\":\"%s\",\"ours\":%.4g,\"peer\":%.4g,\"ratio\":%.3f,\"unit\":\"%s\"}\n",
	       name, ours, peer, ours / peer, unit);
	fflush(stdout);
}

void bench_user(long n, char out[UUID_SIZE])
{
	snprintf(out, UUID_SIZE, "00000000-0000-7000-8000-%012lx", n);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "pairs") != 0 && strcmp(what, "reads") != 0) {
		fprintf(stderr, "usage: ledger pairs | reads\n");
		return 2;
	}
	pg_start_with(settings, true);
	pg_migrate("credits");
	if (strcmp(what, "pairs") == 0)
		bench_pairs();
	else
		bench_reads();
	pg_stop();
	return 0;
}
