/* `limitless prices check` by its exit codes: 0 good, 1 a negative margin, 2 a mistake. */
#include "tools/limitless/commands.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the four that it needs */
#include <cmocka.h>

#define MODELS                                                                            \
	"models:\n"                                                                       \
	"  - {id: a, price: [{dimension: INPUT, credits: 300}, {dimension: INPUT, "       \
	"from_prompt_tokens: 1000, credits: 600}, {dimension: OUTPUT, credits: 1500}]}\n" \
	"  - {id: b, price: {per_message: 2}}\n"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void expect_code(char **argv, int argc, int wanted, size_t row)
{
	int code;

	optind = 0;
	code = prices_main(argc, argv);
	if (code != wanted)
		fail_msg("row %zu ends with %d", row, code);
}

static void each_table_has_its_exit_code(void **state)
{
	static const struct {
		const char *table;
		int code;
	} rows[] = {
		{"model,dimension,from_prompt_tokens,price,currency\na,INPUT,0,3,USD\n", 0},
		{"a,INPUT,0,3.0001,USD\n", 1},
		{"a,INPUT,1000,6,USD\n", 0},
		{"a,INPUT,999,6,USD\n", 1},
		{"a,CACHED_INPUT,0,0.3,USD\na,REASONING,0,15.01,USD\n", 1},
		{"a,TOOL_CALL,0,0.01,USD\n", 1},
		{"b,INPUT,0,3,USD\n", 0},
		{"# a remark\n\n a , OUTPUT , 0 , 15 , USD \r\n", 0},
		{"c,INPUT,0,3,USD\n", 2},
		{"a,TOKENS,0,3,USD\n", 2},
		{"a,INPUT,-1,3,USD\n", 2},
		{"a,INPUT,0,3 USD,USD\n", 2},
		{"a,INPUT,0,3\n", 2},
		{"a,INPUT,0,3,USD,x\n", 2},
		{"a,INPUT,0,3,USD\na,OUTPUT,0,3,EUR\n", 2},
	};
	char dir[] = "/tmp/limitless-prices-XXXXXX", models[64], table[64];

	assert_non_null(mkdtemp(dir));
	snprintf(models, sizeof models, "%s/models.yaml", dir);
	snprintf(table, sizeof table, "%s/list.csv", dir);
	write_file(models, MODELS);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *argv[] = {"prices", "check",    table,  "--credits-per-unit",
				"100",    "--models", models, NULL};

		write_file(table, rows[i].table);
		expect_code(argv, 7, rows[i].code, i);
	}
	unlink(models);
	unlink(table);
	rmdir(dir);
}

/* OpenAI's prices of a million tokens, for the models that the shipped catalogue charges by the token.
 * The most that a euro buys are the 125 credits of the shipped plan; a dollar is less than a euro. */
static void shipped_prices_have_a_margin(void **state)
{
	static const struct {
		const char *table, *credits;
		int code;
	} rows[] = {
		{"text-embedding-3-small,INPUT,0,0.02,USD\ntext-embedding-3-large,INPUT,0,0.13,"
		 "USD\n",
		 "125", 0},
		/* The lines at which nothing would be left. */
		{"text-embedding-3-small,INPUT,0,0.032,USD\n", "125", 0},
		{"text-embedding-3-small,INPUT,0,0.0321,USD\n", "125", 1},
		{"text-embedding-3-large,INPUT,0,0.26,USD\n", "100", 0},
		{"text-embedding-3-large,INPUT,0,0.2601,USD\n", "100", 1},
	};
	char table[] = "/tmp/limitless-list-XXXXXX";
	int fd = mkstemp(table);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *argv[] = {
			"prices", "check", table, "--credits-per-unit", (char *)rows[i].credits,
			NULL};

		write_file(table, rows[i].table);
		expect_code(argv, 5, rows[i].code, i);
	}
	unlink(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_table_has_its_exit_code),
		cmocka_unit_test(shipped_prices_have_a_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
