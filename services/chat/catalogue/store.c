/* The terms of every price version are kept, so that an old charge can be computed again. */
#include "chat/catalogue/store.h"

#include "sql/chat.h"

enum status catalogue_store(const struct catalogue *catalogue, struct db *db, struct error *reterr)
{
	enum status s = OK;

	for (size_t i = 0; i < catalogue->n_models && s == OK; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
		const struct model *model = &catalogue->models[i];
		const char *const params[] = {
			model->price_version,
			model->id,
			db_param_i64(arena, model->price.per_message),
			db_param_i64(arena, model->price.input_per_1k),
			db_param_i64(arena, model->price.output_per_1k),
		};

		s = db_exec(db, &sql_model_price_insert, params, NULL, reterr);
	}
	return s;
}
