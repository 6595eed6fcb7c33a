/* `limitless prices check`: compares the catalogue with the operator's table of list prices. */
#include "tools/limitless/commands.h"

#include "chat/catalogue/price_read.h"
#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 5
#define ARENA_BYTES_MAX (64u << 20)
#define ROUNDING 1e-9 /* of a price, which is no loss */
#define LIST_MAX 1e9  /* of one unit, in its currency */

struct arguments {
	const char *list, *models;
	double credits_per_unit; /* of the currency */
};

struct check {
	const struct conf_node *models;
	struct arena *arena;
	double credits_per_unit;
	char currency[8];
	bool negative;
	bool *listed; /* by the model's place */
};

/* A row of the table. */
struct row {
	const char *cells[COLUMNS];
	struct {
		size_t line;
		const char *file;
	} at;
};

static bool wrong(const struct row *row, int column, const char *what)
{
	static const char *const names[COLUMNS] = {"model", "dimension", "from_prompt_tokens",
						   "price", "currency"};

	fprintf(stderr, "limitless: %s:%zu: column %d (%s): %s\n", row->at.file, row->at.line,
		column + 1, names[column], what);
	return false;
}

/* Cuts the line at its commas; blanks around a cell do not count. */
static bool cut(char *line, struct row *ret)
{
	for (int i = 0; i < COLUMNS; i++) {
		char *cell = strsep(&line, ","), *end;

		if (!cell)
			return wrong(ret, i, "is missing");
		while (isspace((unsigned char)*cell))
			cell++;
		end = cell + strlen(cell);
		while (end > cell && isspace((unsigned char)end[-1]))
			*--end = '\0';
		ret->cells[i] = cell;
	}
	return !line || wrong(ret, COLUMNS - 1, "nothing may follow it");
}

static bool number(const char *text, double max, double *ret)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return false;
	*ret = strtod(text, &end);
	return !*end && *ret <= max;
}

static const struct conf_node *find(struct check *check, const char *id)
{
	for (size_t i = 0; i < conf_count(check->models); i++) {
		const struct conf_node *model = conf_at(check->models, i);
		const char *name = "";
		struct error err;

		if (conf_text(model, "id", "", &name, &err) != OK || strcmp(name, id) != 0)
			continue;
		check->listed[i] = true;
		return model;
	}
	return NULL;
}

/* Prints one line of the answer. */
static void compare(struct check *check, const struct row *row, const struct price *price,
		    enum price_dimension dimension, int64_t from, double list)
{
	double charged =
		(double)price_rate(price, dimension, from + 1) / 1e6 / check->credits_per_unit;
	bool below = charged < list * (1 - ROUNDING);
	bool by_message = charged == 0 && dimension != PRICE_MESSAGE &&
			  price_rate(price, PRICE_MESSAGE, from + 1) > 0;

	printf("%-28s %-15s %9" PRId64 " %12.4f %12.4f  ", row->cells[0], row->cells[1], from,
	       charged, list);
	if (by_message) {
		printf("paid by the message\n");
	} else if (charged > 0) {
		printf("%8.1f %%%s\n", (charged - list) / charged * 100,
		       below ? "  below the list price" : "");
		check->negative |= below;
	} else {
		printf("%s\n", list > 0 ? "not charged, below the list price" : "free");
		check->negative |= list > 0;
	}
}

static bool take(struct check *check, const struct row *row)
{
	enum price_dimension dimension;
	const struct conf_node *model = find(check, row->cells[0]);
	struct price price;
	struct error err;
	double from, list;

	if (!model)
		return wrong(row, 0, "the catalogue has no such model");
	if (!price_dimension_read(row->cells[1], &dimension))
		return wrong(row, 1, "is no dimension, such as INPUT, CACHED_INPUT or OUTPUT");
	if (!number(row->cells[2], PRICE_TOKENS_MAX, &from) || from != (double)(int64_t)from)
		return wrong(row, 2, "must be a number of tokens; 0 for all prompts");
	if (!number(row->cells[3], LIST_MAX, &list))
		return wrong(row, 3, "must be a decimal such as 2.50");
	if (strlen(row->cells[4]) != 3)
		return wrong(row, 4, "must be three letters such as USD");
	if (*check->currency && strcmp(check->currency, row->cells[4]) != 0)
		return wrong(row, 4, "all rows must have the same currency");
	snprintf(check->currency, sizeof check->currency, "%s", row->cells[4]);
	if (price_read(model, check->arena, &price, &err) != OK) {
		fprintf(stderr, "limitless: model %s: %s\n", row->cells[0], err.message);
		return false;
	}
	compare(check, row, &price, dimension, (int64_t)from, list);
	return true;
}

/* False: the table has a mistake, which was told. */
static bool read_table(struct check *check, const char *path)
{
	_cleanup_(freep) char *line = NULL;
	struct row row = {.at.file = path};
	FILE *file = fopen(path, "re");
	size_t room = 0;
	bool good = true;

	if (!file) {
		fprintf(stderr, "limitless: %s: %m\n", path);
		return false;
	}
	while (good && getline(&line, &room, file) >= 0) {
		row.at.line++;
		if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#' ||
		    (row.at.line == 1 && strncmp(line, "model,", 6) == 0))
			continue;
		good = cut(line, &row) && take(check, &row);
	}
	fclose(file);
	return good;
}

static int run(const struct arguments *args)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, ARENA_BYTES_MAX);
	struct check check = {.arena = arena, .credits_per_unit = args->credits_per_unit};
	const struct conf_node *root;
	struct error err;

	if (conf_read(args->models, arena, &root, &err) != OK) {
		fprintf(stderr, "limitless: %s\n", err.message);
		return 2;
	}
	check.models = conf_get(root, "models");
	check.listed = arena_array(arena, conf_count(check.models) + 1, sizeof *check.listed);
	if (!check.listed)
		return 2;
	printf("%-28s %-15s %9s %12s %12s  %8s\n", "model", "dimension", "above", "charged", "list",
	       "margin");
	if (!read_table(&check, args->list))
		return 2;
	for (size_t i = 0; i < conf_count(check.models); i++) {
		const char *id = "";

		if (!check.listed[i] &&
		    conf_text(conf_at(check.models, i), "id", "", &id, &err) == OK)
			printf("%-28s has no list price\n", id);
	}
	return check.negative;
}

int prices_main(int argc, char **argv)
{
	static const struct option options[] = {{"models", required_argument, NULL, 'm'},
						{"credits-per-unit", required_argument, NULL, 'c'},
						{NULL, 0, NULL, 0}};
	struct arguments args = {.models = "deploy/config/models.yaml"};
	bool good = argc > 1 && strcmp(argv[1], "check") == 0;
	int option;

	while (good && (option = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1) {
		if (option == 'm')
			args.models = optarg;
		else if (option == 'c')
			good = number(optarg, LIST_MAX, &args.credits_per_unit);
		else
			good = false;
	}
	if (!good || optind != argc - 2 || args.credits_per_unit <= 0) {
		fprintf(stderr,
			"usage: limitless prices check FILE.csv --credits-per-unit N "
			"[--models deploy/config/models.yaml]\n"
			"FILE: model,dimension,from_prompt_tokens,price,currency; the price "
			"is of a million tokens, or of one message, image, second or call.\n"
			"N: credits that one unit of the currency buys.\n"
			"Exit code 1: something is charged below its list price; 2: the file "
			"cannot be read.\n");
		return 2;
	}
	args.list = argv[1 + optind];
	return run(&args);
}
