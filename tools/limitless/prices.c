/* `limitless prices check`: compares the catalogue with the operator's table of list prices. */
#include "tools/limitless/commands.h"

#include "chat/catalogue/list_price.h"
#include "chat/catalogue/price_read.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (64u << 20)
#define ROUNDING 1e-9 /* of a price, which is no loss */

struct arguments {
	const char *list, *models;
	double credits_per_unit; /* of the currency */
};

struct check {
	const struct conf_node *models;
	struct arena *arena;
	double credits_per_unit;
	bool negative;
	bool *listed; /* by the model's place */
};

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
static void compare(struct check *check, const struct list_row *row, const struct price *price)
{
	enum price_dimension dimension = row->dimension;
	int64_t from = row->from_prompt_tokens;
	double list = row->price;
	double charged =
		(double)price_rate(price, dimension, from + 1) / 1e6 / check->credits_per_unit;
	bool below = charged < list * (1 - ROUNDING);
	bool by_message = charged == 0 && dimension != PRICE_MESSAGE &&
			  price_rate(price, PRICE_MESSAGE, from + 1) > 0;

	printf("%-28s %-15s %9" PRId64 " %12.4f %12.4f  ", row->model,
	       price_dimension_name(dimension), from, charged, list);
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

static enum status take(void *ctx, const struct list_row *row, struct error *reterr)
{
	struct check *check = ctx;
	const struct conf_node *model = find(check, row->model);
	struct price price;
	enum status s;

	if (!model)
		return list_row_wrong(row, 0, "the catalogue has no such model", reterr);
	s = price_read(model, check->arena, &price, reterr);
	if (s == OK)
		compare(check, row, &price);
	return s;
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
	if (list_rows_read(args->list, take, &check, &err) != OK) {
		fprintf(stderr, "limitless: %s\n", err.message);
		return 2;
	}
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
			good = list_number_read(optarg, LIST_CREDITS_PER_UNIT_MAX,
						&args.credits_per_unit);
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
