/* Namespaces of the ids that are derived, so that a crash can neither lose nor double what they
 * name. The only list. */
#ifndef RUNTIME_BASE_IDS_H
#define RUNTIME_BASE_IDS_H

#include "runtime/base/uuid.h"

extern const struct uuid ID_HOLD;    /* "generation:attempt" */
extern const struct uuid ID_SETTLE;  /* "generation:attempt" */
extern const struct uuid ID_VOID;    /* "generation:attempt" */
extern const struct uuid ID_GIFT;    /* "user" */
extern const struct uuid ID_ACCOUNT; /* "platform:revenue" …; a user's account has the user's id */
extern const struct uuid ID_EXPIRE;  /* "hold" */
extern const struct uuid ID_PURCHASE;   /* "payment" */
extern const struct uuid ID_REFUND;     /* "stripe refund id" */
extern const struct uuid ID_DISPUTE;    /* "stripe dispute id:state" */
extern const struct uuid ID_INVOICE;    /* "user:month" */
extern const struct uuid ID_LOSS;       /* "settle" */
extern const struct uuid ID_OVERAGE;    /* "settle" */
extern const struct uuid ID_ADJUSTMENT; /* "administrator:idempotency key" */
extern const struct uuid ID_REVERSAL;   /* "transfer" */

#endif
