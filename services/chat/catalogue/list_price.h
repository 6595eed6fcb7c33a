/* The operator's table of list prices: what providers ask for, beside what the catalogue charges. */
#ifndef CHAT_CATALOGUE_LIST_PRICE_H
#define CHAT_CATALOGUE_LIST_PRICE_H

#include "chat/catalogue/price.h"
#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#define LIST_PRICE_MAX 1e9            /* of one unit, in its currency */
#define LIST_CREDITS_PER_UNIT_MAX 1e9 /* of the currency */

/* A row of the table: model,dimension,from_prompt_tokens,price,currency. */
struct list_row {
	const char *model;
	enum price_dimension dimension;
	int64_t from_prompt_tokens;
	double price; /* of a million tokens, or of one message, image, second or call */
	const char *currency;
	const char *file;
	size_t line;
};

/* Takes a row, whose texts live until it returns. */
typedef enum status list_row_fn(void *ctx, const struct list_row *row, struct error *reterr);

/* INVALID_ARGUMENT with the row's file and line. column: from 0; what: "must be …". */
enum status list_row_wrong(const struct list_row *row, int column, const char *what,
			   struct error *reterr);

/* Reads a table to its end or to the first mistake. Empty lines, lines with # and a first line of
 * the columns' names are passed over. errors: INVALID_ARGUMENT; those of take. */
_must_check_ enum status list_rows_read(const char *path, list_row_fn *take, void *ctx,
					struct error *reterr);

/* "2.50": a decimal up to max. */
bool list_number_read(const char *text, double max, double *ret);

struct list_prices;

/* The prices of a table in micro-credits, in arena. credits_per_unit: what one unit of its currency
 * buys. Models that nobody offers may be in it. errors: INVALID_ARGUMENT. */
_must_check_ enum status list_prices_load(const char *path, double credits_per_unit,
					  struct arena *arena, const struct list_prices **ret,
					  struct error *reterr);

/* The price of a model. NULL: it is not in the table, or there is no table (list NULL). */
const struct price *list_price_find(const struct list_prices *list, const char *model);

#endif
