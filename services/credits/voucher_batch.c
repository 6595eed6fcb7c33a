#include "voucher_batch.h"

void credits_voucher_batch_read(struct arena *arena, const PGresult *rows, int row,
				Credits__V1__VoucherBatch *ret)
{
	ret->id = db_text(arena, rows, row, "id");
	ret->amount_microcredits = db_i64(rows, row, "amount_microcredits");
	ret->codes = db_i32(rows, row, "codes");
	ret->redeemed = (int32_t)db_i64(rows, row, "redeemed");
	ret->prefix = db_text(arena, rows, row, "prefix");
	ret->note = db_text(arena, rows, row, "note");
	ret->actor = db_text(arena, rows, row, "actor_id");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->expire_time = db_time(arena, rows, row, "expire_us");
	ret->revoke_time = db_time(arena, rows, row, "revoke_us");
}
