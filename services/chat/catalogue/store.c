/* The terms of every price version are kept, so that an old charge can be computed again. */
#include "chat/catalogue/store.h"

#include "runtime/base/buf.h"
#include "sql/chat.h"

#include <inttypes.h>

#define COMPONENTS_BYTES_MAX 16384

/* As JSON in the shape of the API. */
static void write_components(const struct price *price, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < price->n; i++) {
		const struct price_component *c = &price->components[i];

		buf_addf(out,
			 "%s{\"dimension\":\"%s\",\"fromPromptTokens\":%" PRId64
			 ",\"unit\":\"%s\",\"microcredits\":%" PRId64 "}",
			 i > 0 ? "," : "", price_dimension_name(c->dimension),
			 c->from_prompt_tokens, price_unit_name(c->dimension), c->microcredits);
	}
	buf_addc(out, ']');
}

enum status catalogue_store(const struct catalogue *catalogue, struct db *db, struct error *reterr)
{
	enum status s = OK;

	for (size_t i = 0; i < catalogue->n_models && s == OK; i++) {
		_cleanup_(buf_done) struct buf components;
		const struct model *model = &catalogue->models[i];
		const char *params[] = {model->price_version, model->id, NULL};

		buf_init(&components, COMPONENTS_BYTES_MAX);
		write_components(&model->price, &components);
		params[2] = buf_text(&components);
		s = db_exec(db, &sql_model_price_insert, params, NULL, reterr);
	}
	return s;
}
