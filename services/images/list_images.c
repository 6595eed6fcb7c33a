#include "images/images.h"

#include "runtime/service/list.h"

static void image_read(struct arena *arena, const PGresult *rows, int row, Images__V1__Image *ret)
{
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
	struct page page;
	enum status s = list_begin(call, call->subject, req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {call->subject, page_key(&page, PAGE_FIRST_TIME),
				      page_id(&page, PAGE_FIRST_ID), list_limit(call, &page)};
	s = db_query_as(service_db(call), call->subject, &sql_images_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;

	n = list_end(call, &page, rows, "create_time", &resp->next_page_token);
	s = list_new(call, &images__v1__image__descriptor, n, &resp->n_images, &resp->images);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++)
		image_read(call->arena, rows, (int)i, resp->images[i]);
	return OK;
}
