/* Counts texts for the scripts of tests/tokens. Input: texts, each with its length in 32 bits before it. With
 * a third argument it counts that often and says how long it took. */
#include "chat/tokens/count.h"
#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of CPU: others may use the machine, too. */
static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct tokens_table table;
	struct error err;
	uint32_t len;
	int times = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;

	if (argc < 2 || tokens_table_open(argv[1], &table, &err) != OK) {
		fprintf(stderr, "%s\n", argc < 2 ? "count TABLES [TIMES] <TEXTS" : err.message);
		return 2;
	}
	while (fread(&len, sizeof len, 1, stdin) == 1) {
		char *text = malloc(len + 1);

		ensure(text && fread(text, 1, len, stdin) == len);
		for (int encoding = 0; encoding < TOKENS_ENCODINGS; encoding++) {
			int64_t n = 0, from = cpu_us();

			for (int i = 0; i < times; i++)
				n = tokens_count_exact(&table, encoding, text, len);
			printf("%" PRId64 " %" PRId64 "%s", n, (cpu_us() - from) / times,
			       encoding + 1 < TOKENS_ENCODINGS ? " " : "\n");
		}
		free(text);
	}
	tokens_table_close(&table);
	return 0;
}
