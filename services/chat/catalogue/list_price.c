#include "chat/catalogue/list_price.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/ensure.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 5
#define LIST_ROWS_MAX 10000

/* ---------------------------------------------------------------- rows */

enum status list_row_wrong(const struct list_row *row, int column, const char *what,
			   struct error *reterr)
{
	static const char *const names[COLUMNS] = {"model", "dimension", "from_prompt_tokens",
						   "price", "currency"};

	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "%s:%zu: column %d (%s): %s",
			 row->file, row->line, column + 1, names[column], what);
}

bool list_number_read(const char *text, double max, double *ret)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return false;
	*ret = strtod(text, &end);
	return !*end && *ret <= max;
}

/* Cuts the line at its commas; blanks around a cell do not count. */
static enum status cut(char *line, const struct list_row *row, const char *cells[COLUMNS],
		       struct error *reterr)
{
	for (int i = 0; i < COLUMNS; i++) {
		char *cell = strsep(&line, ","), *end;

		if (!cell)
			return list_row_wrong(row, i, "is missing", reterr);
		while (isspace((unsigned char)*cell))
			cell++;
		end = cell + strlen(cell);
		while (end > cell && isspace((unsigned char)end[-1]))
			*--end = '\0';
		cells[i] = cell;
	}
	return line ? list_row_wrong(row, COLUMNS - 1, "nothing may follow it", reterr) : OK;
}

static enum status read_row(char *line, struct list_row *row, struct error *reterr)
{
	const char *cells[COLUMNS];
	double from;
	enum status s = cut(line, row, cells, reterr);

	if (s != OK)
		return s;
	if (!*cells[0])
		return list_row_wrong(row, 0, "is empty", reterr);
	if (!price_dimension_read(cells[1], &row->dimension))
		return list_row_wrong(
			row, 1, "is no dimension, such as INPUT, CACHED_INPUT or OUTPUT", reterr);
	if (!list_number_read(cells[2], PRICE_TOKENS_MAX, &from) || from != floor(from))
		return list_row_wrong(row, 2, "must be a number of tokens; 0 for all prompts",
				      reterr);
	if (!list_number_read(cells[3], LIST_PRICE_MAX, &row->price))
		return list_row_wrong(row, 3, "must be a decimal such as 2.50", reterr);
	if (strlen(cells[4]) != 3)
		return list_row_wrong(row, 4, "must be three letters such as USD", reterr);
	row->model = cells[0];
	row->from_prompt_tokens = (int64_t)from;
	row->currency = cells[4];
	return OK;
}

enum status list_rows_read(const char *path, list_row_fn *take, void *ctx, struct error *reterr)
{
	_cleanup_(freep) char *line = NULL;
	struct list_row row = {.file = path};
	char currency[4] = "";
	FILE *file = fopen(path, "re");
	enum status s = OK;
	size_t room = 0;

	if (!file)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "%s: %s", path,
				 strerrordesc_np(errno));
	while (s == OK && getline(&line, &room, file) >= 0) {
		row.line++;
		if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#' ||
		    (row.line == 1 && strncmp(line, "model,", 6) == 0))
			continue;
		s = read_row(line, &row, reterr);
		if (s == OK && *currency && strcmp(currency, row.currency) != 0)
			s = list_row_wrong(&row, 4, "all rows must have the same currency", reterr);
		if (s != OK)
			break;
		snprintf(currency, sizeof currency, "%s", row.currency);
		s = take(ctx, &row, reterr);
	}
	if (s == OK && ferror(file))
		s = error_set(reterr, INVALID_ARGUMENT, "config_invalid", "%s: cannot be read",
			      path);
	fclose(file);
	return s;
}

/* ---------------------------------------------------------------- prices of models */

struct listed {
	const char *model;
	struct price price;
};

struct list_prices {
	const struct listed *models; /* sorted by the model */
	size_t n;
};

struct parsed {
	const char *model;
	struct price_component component;
	size_t line;
};

struct loading {
	struct arena *arena;
	double credits_per_unit;
	struct parsed *rows;
	size_t n, room;
};

static enum status take_row(void *ctx, const struct list_row *row, struct error *reterr)
{
	struct loading *loading = ctx;
	double microcredits = row->price * loading->credits_per_unit * 1e6;

	if (microcredits > (double)price_dimension_max(row->dimension))
		return list_row_wrong(row, 3, "is more than a unit may cost in credits", reterr);
	if (loading->n == LIST_ROWS_MAX)
		return list_row_wrong(row, 0, "the table has too many rows", reterr);
	if (loading->n == loading->room) {
		loading->room = loading->room ? 2 * loading->room : 64;
		loading->rows = realloc(loading->rows, loading->room * sizeof *loading->rows);
		ensure(loading->rows);
	}
	loading->rows[loading->n++] = (struct parsed){
		.model = arena_strdup(loading->arena, row->model),
		.component = {.dimension = row->dimension,
			      .from_prompt_tokens = row->from_prompt_tokens,
			      .microcredits = llround(microcredits)},
		.line = row->line,
	};
	return OK;
}

static int compare(const void *a, const void *b)
{
	const struct parsed *x = a, *y = b;
	int order = strcmp(x->model, y->model);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The price of the model of row `first`; ret_end: its last row and one. */
static enum status read_price(const struct loading *loading, const char *path, size_t first,
			      size_t *ret_end, struct listed *ret, struct error *reterr)
{
	const char *model = loading->rows[first].model;
	struct price_component *components;
	size_t n = 0;

	while (first + n < loading->n && strcmp(loading->rows[first + n].model, model) == 0)
		n++;
	components = arena_array(loading->arena, n, sizeof *components);
	ensure(components);
	for (size_t i = 0; i < n; i++)
		components[i] = loading->rows[first + i].component;
	price_sort(components, n);
	*ret = (struct listed){model, {components, n}};
	*ret_end = first + n;
	if (!price_valid(&ret->price))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s:%zu: model %.100s has a price twice, or more than %d", path,
				 loading->rows[first].line, model, PRICE_COMPONENTS_MAX);
	return OK;
}

static enum status sort_out(const struct loading *loading, const char *path,
			    const struct list_prices **ret, struct error *reterr)
{
	struct list_prices *list = arena_alloc(loading->arena, sizeof *list);
	struct listed *models = arena_array(loading->arena, loading->n, sizeof *models);
	enum status s = OK;

	ensure(list && models);
	*list = (struct list_prices){0};
	if (loading->n > 1)
		qsort(loading->rows, loading->n, sizeof *loading->rows, compare);
	for (size_t i = 0; i < loading->n && s == OK;)
		s = read_price(loading, path, i, &i, &models[list->n++], reterr);
	list->models = models;
	if (s == OK)
		*ret = list;
	return s;
}

enum status list_prices_load(const char *path, double credits_per_unit, struct arena *arena,
			     const struct list_prices **ret, struct error *reterr)
{
	struct loading loading = {.arena = arena, .credits_per_unit = credits_per_unit};
	enum status s = list_rows_read(path, take_row, &loading, reterr);

	if (s == OK)
		s = sort_out(&loading, path, ret, reterr);
	free(loading.rows);
	return s;
}

static int compare_listed(const void *model, const void *listed)
{
	return strcmp(model, ((const struct listed *)listed)->model);
}

const struct price *list_price_find(const struct list_prices *list, const char *model)
{
	const struct listed *found = NULL;

	if (list && list->n > 0)
		found = bsearch(model, list->models, list->n, sizeof *list->models, compare_listed);
	return found ? &found->price : NULL;
}
