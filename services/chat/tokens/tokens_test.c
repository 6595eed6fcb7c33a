/* Counts of tokens against those of tiktoken, in a file that tests/tokens/fixture.mjs made of it;
 * and what is said of a file that holds no tables. */
#include "chat/chat_test.h"
#include "chat/tokens/count.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TABLES "build/tokens/tables.bin"
#define FIXTURE "build/tokens/fixture.bin"
#define FILE_BYTES_MAX (64 << 20)
#define TEXTS_MIN 400
#define HOSTILE_MAX 15 /* times the work of prose */
#define SHORT_KIB_MAX 2048

static int open_tables(void **state)
{
	static struct tokens_table table;
	struct error err;

	if (tokens_table_open(TABLES, &table, &err) != OK)
		fail_msg("%s", err.message);
	*state = &table;
	return 0;
}

static int close_tables(void **state)
{
	tokens_table_close(*state);
	return 0;
}

static void counts_are_those_of_tiktoken(void **state)
{
	FILE *file = fopen(FIXTURE, "re");
	uint32_t head[1 + TOKENS_ENCODINGS];
	int n = 0;

	assert_non_null(file);
	while (fread(head, sizeof head, 1, file) == 1) {
		char *text = malloc(head[0] + 1);

		assert_non_null(text);
		assert_int_equal(fread(text, 1, head[0], file), head[0]);
		for (int i = 0; i < TOKENS_ENCODINGS; i++) {
			int64_t count =
				tokens_count_exact(*state, (enum tokens_encoding)i, text, head[0]);

			if (count != head[1 + i])
				fail_msg("text %d, encoding %d: %d tokens, %u in tiktoken: %.*s", n,
					 i, (int)count, head[1 + i], (int)head[0], text);
		}
		free(text);
		n++;
	}
	fclose(file);
	assert_true(n >= TEXTS_MIN);
}

/* CPU time of a count, the best of some. */
static int64_t work_ns(const struct tokens_table *table, const char *text, size_t len)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		struct timespec from, to;
		int64_t ns;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		for (int e = 0; e < TOKENS_ENCODINGS; e++)
			assert_true(tokens_count_exact(table, (enum tokens_encoding)e, text, len) >
				    0);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		ns = (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
		best = ns < best ? ns : best;
	}
	return best;
}

static char *repeated(const char *unit, size_t len)
{
	size_t unit_len = strlen(unit);
	char *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = unit[i % unit_len];
	return text;
}

/* Four times the text, so about four times the work; a square would be sixteen. */

static void the_work_is_linear(void **state)
{
	static const char *const units[] = {"a",  " ",  "=",   "-",
					    "\n", "ab", "Aa",  "\xE4\xBD\xA0",
					    "=-", "a'", " \n", "aaaaaaaaaaaaaaaaaaab"};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		char *text = repeated(units[i], 256 << 10);
		int64_t small = work_ns(*state, text, 64 << 10);
		int64_t large = work_ns(*state, text, 256 << 10);

		free(text);

		if (large > 10 * small)
			fail_msg("%s: %.1f times the work", units[i],
				 (double)large / (double)small);
	}
}

/* Runs of signs, of random lengths, are tried in many ways before they are merged. */
static void hostile_text_costs_little_more_than_prose(void **state)
{
	static const char *const hostile[] = {"-", "=", "-=", "-a", "-=* ", "\\-"};
	const size_t len = 256 << 10;
	char *text = repeated("Why do otters matter to rivers, and to us? ", len);
	int64_t prose = work_ns(*state, text, len);
	uint32_t random = 11;

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		const char *sign = hostile[i];
		int64_t ns;

		for (size_t at = 0; at < len; sign = sign[1] ? sign + 1 : hostile[i]) {
			size_t run;

			random = random * 1664525 + 1013904223;
			run = 1 + (random >> 8) % 300;
			run = run < len - at ? run : len - at;
			memset(text + at, *sign, run);
			at += run;
		}
		ns = work_ns(*state, text, len);
		if (ns > HOSTILE_MAX * prose)
			fail_msg("%s: %.1f times the work of prose", hostile[i],
				 (double)ns / (double)prose);
	}
	free(text);
}

/* Bytes that are no text are counted within the buffer, at most one token each. */
static void broken_text_is_counted(void **state)
{
	uint32_t random = 7;

	for (int round = 0; round < 20000; round++) {
		size_t len = 1 + (random >> 8) % 64;
		char *text = malloc(len);
		int64_t n;

		assert_non_null(text);
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = (char)(random >> 24);
		}
		n = tokens_count_exact(*state, (enum tokens_encoding)(round % 2), text, len);
		assert_in_range(n, 1, len);
		free(text);
	}
	assert_int_equal(tokens_count_exact(*state, TOKENS_O200K, "", 0), 0);
}

/* KiB of memory that a map has, from the regions that it is made of. */
static long resident_kib(const char *map, size_t size)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512];
	bool within = false;
	long sum = 0;

	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		char *end;
		uintptr_t first = (uintptr_t)strtoull(line, &end, 16);

		if (*end == '-')
			within = first >= (uintptr_t)map && first < (uintptr_t)map + size;
		else if (within && strncmp(line, "Rss:", 4) == 0)
			sum += strtol(line + 4, NULL, 10);
	}
	fclose(file);
	return sum;
}

/* The kernel may map a lot around each page. */
static void a_short_text_maps_little(_unused_ void **state)
{
	static const char text[] = "A short question, as people ask them: what is the capital of "
				   "France, and how many inhabitants has it?";
	struct tokens_table table;
	struct error err;
	long kib;

	assert_int_equal(tokens_table_open(TABLES, &table, &err), OK);
	for (int i = 0; i < TOKENS_ENCODINGS; i++)
		assert_true(tokens_count_exact(&table, (enum tokens_encoding)i, text,
					       sizeof text - 1) > 0);
	kib = resident_kib(table.map, table.size);
	assert_in_range(kib, 1, SHORT_KIB_MAX);
	tokens_table_close(&table);
}

static void refused(const char *path, const char *words)
{
	struct tokens_table table;
	struct error err;

	assert_int_equal(tokens_table_open(path, &table, &err), INVALID_ARGUMENT);
	assert_string_equal(err.reason, "config_invalid");
	if (!strstr(err.message, words) || !strstr(err.message, path))
		fail_msg("%s", err.message);
}

static void a_bad_file_is_refused(_unused_ void **state)
{
	char path[] = "/tmp/lc-tables-XXXXXX";
	int from = open(TABLES, O_RDONLY | O_CLOEXEC), to = mkstemp(path);
	char *bytes = malloc(FILE_BYTES_MAX);
	ssize_t len = read(from, bytes, FILE_BYTES_MAX);

	assert_true(bytes && len > 1000 && len < FILE_BYTES_MAX);
	refused("/nowhere/tables.bin", "No such file");
	refused("/tmp", "no file of token tables");
	refused(path, "no file of token tables");
	assert_int_equal(write(to, bytes, (size_t)len), len);
	assert_int_equal(ftruncate(to, len - 1), 0);
	refused(path, "cut off");
	assert_int_equal(pwrite(to, bytes + len - 1, 1, len - 1), 1);
	assert_int_equal(pwrite(to, "\xA5", 1, len / 2), 1);
	refused(path, "checksum");
	assert_int_equal(pwrite(to, "\x63", 1, 8), 1);
	refused(path, "another version");
	close(from);
	close(to);
	unlink(path);
	free(bytes);
}

int tokens_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_tiktoken),
		cmocka_unit_test(the_work_is_linear),
		cmocka_unit_test(hostile_text_costs_little_more_than_prose),
		cmocka_unit_test(broken_text_is_counted),
		cmocka_unit_test(a_short_text_maps_little),
		cmocka_unit_test(a_bad_file_is_refused),
	};

	return cmocka_run_group_tests(tests, open_tables, close_tables);
}
