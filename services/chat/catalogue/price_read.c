#include "chat/catalogue/price_read.h"

#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <stdio.h>

_printf_(2, 3) static enum status bad(struct error *reterr, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "price: %s", what);
}

/* ---------------------------------------------------------------- the short form */

static enum status read_short(const struct conf_node *at, struct arena *arena, struct price *ret,
			      struct error *reterr)
{
	static const char *const keys[] = {"per_message", "input_per_1k", "output_per_1k", NULL};
	static const enum price_dimension dimensions[] = {PRICE_MESSAGE, PRICE_INPUT, PRICE_OUTPUT};
	struct price_component *components =
		arena_array(arena, ARRAY_SIZE(dimensions), sizeof *components);
	enum status s = conf_only(at, keys, reterr);
	size_t n = 0;

	ensure(components);
	for (size_t i = 0; i < ARRAY_SIZE(dimensions); i++) {
		int64_t amount = 0;

		if (s == OK)
			s = conf_millionths(at, keys[i], "0", 0, PRICE_MAX, &amount, reterr);
		if (amount > 0)
			components[n++] = (struct price_component){
				.dimension = dimensions[i],
				.microcredits =
					dimensions[i] == PRICE_MESSAGE ? amount : 1000 * amount};
	}
	if (s == OK)
		*ret = (struct price){components, n};
	return s;
}

/* ---------------------------------------------------------------- the long form */

static enum status dimension_unknown(const char *name, struct arena *arena, struct error *reterr)
{
	const char *all = "";

	for (enum price_dimension d = 0; d < PRICE_DIMENSIONS; d++)
		all = arena_printf(arena, "%s%s%s", all, *all ? ", " : "", price_dimension_name(d));
	return bad(reterr, "dimension '%.40s' is none of %s", name, all);
}

static enum status read_component(const struct conf_node *at, struct arena *arena,
				  struct price_component *ret, struct error *reterr)
{
	static const char *const keys[] = {"dimension", "from_prompt_tokens", "credits", NULL};
	const char *name;
	enum status s = conf_only(at, keys, reterr);

	if (s == OK)
		s = conf_text(at, keys[0], NULL, &name, reterr);
	if (s != OK)
		return s;
	if (!price_dimension_read(name, &ret->dimension))
		return dimension_unknown(name, arena, reterr);
	s = conf_integer(at, keys[1], "0", 0, PRICE_TOKENS_MAX, &ret->from_prompt_tokens, reterr);
	if (s == OK)
		s = conf_millionths(at, keys[2], NULL, 0, price_dimension_max(ret->dimension),
				    &ret->microcredits, reterr);
	return s;
}

static enum status read_long(const struct conf_node *at, struct arena *arena, struct price *ret,
			     struct error *reterr)
{
	size_t n = conf_count(at);
	struct price_component *components;

	if (n == 0 || n > PRICE_COMPONENTS_MAX)
		return bad(reterr, "it has 1 to %d components", PRICE_COMPONENTS_MAX);
	components = arena_array(arena, n, sizeof *components);
	ensure(components);
	for (size_t i = 0; i < n; i++) {
		enum status s = read_component(conf_at(at, i), arena, &components[i], reterr);

		if (s != OK)
			return s;
	}
	price_sort(components, n);
	*ret = (struct price){components, n};
	for (size_t i = 1; i < n; i++) {
		if (components[i].dimension == components[i - 1].dimension &&
		    components[i].from_prompt_tokens == components[i - 1].from_prompt_tokens)
			return bad(reterr, "%s from %" PRId64 " tokens is there twice",
				   price_dimension_name(components[i].dimension),
				   components[i].from_prompt_tokens);
	}
	return OK;
}

enum status price_read(const struct conf_node *model, struct arena *arena, struct price *ret,
		       struct error *reterr)
{
	const struct conf_node *at = conf_get(model, "price");

	if (!at)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "price is missing");
	if (conf_is_list(at))
		return read_long(at, arena, ret, reterr);
	return read_short(at, arena, ret, reterr);
}
