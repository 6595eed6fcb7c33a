#ifndef CREDITS_VOUCHER_BATCH_H
#define CREDITS_VOUCHER_BATCH_H

#include "credits.h"

/* A row of credits_voucher_batches or credits_revoke_vouchers. */
void credits_voucher_batch_read(struct arena *arena, const PGresult *rows, int row,
				Credits__V1__VoucherBatch *ret);

#endif
