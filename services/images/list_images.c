#include "images/images.h"

#include "runtime/base/page.h"

static void image_read(struct arena *arena, const PGresult *rows, int row, Images__V1__Image *ret)
{
	images__v1__image__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->prompt = db_text(arena, rows, row, "prompt");
	ret->model = db_text(arena, rows, row, "model");
	ret->width = db_i32(rows, row, "width");
	ret->height = db_i32(rows, row, "height");
	ret->credits_used_microcredits = db_i64(rows, row, "credits_used_microcredits");
	ret->create_time = db_time(arena, rows, row, "create_us");
}

enum status images_v1_list_images(struct rpc_call *call, const Images__V1__ListImagesRequest *req,
				  Images__V1__ListImagesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	Images__V1__Image *all;
	struct page page;
	enum status s;
	int n;

	s = page_begin(&page, arena, images_v1_list_images_method.path, call->subject,
		       req->page_size, req->page_token, &call->err);
	if (s != OK)
		return s;
	const char *const params[] = {call->subject, page.key ? page.key : PAGE_FIRST_TIME,
				      page.id ? page.id : PAGE_FIRST_ID,
				      db_param_i64(arena, page.size + 1)};
	s = db_query_as(service_db(call), call->subject, &sql_images_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;

	n = PQntuples(rows);
	if (n > page.size) {
		n = page.size;
		resp->next_page_token = page_next(&page, arena, db_peek(rows, n - 1, "create_time"),
						  db_peek(rows, n - 1, "id"));
	}
	if (n == 0)
		return OK;
	all = arena_array(arena, (size_t)n, sizeof *all);
	resp->images = arena_array(arena, (size_t)n, sizeof *resp->images);
	if (!all || !resp->images)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d images", n);
	for (int i = 0; i < n; i++) {
		image_read(arena, rows, i, &all[i]);
		resp->images[i] = &all[i];
	}
	resp->n_images = (size_t)n;
	return OK;
}
