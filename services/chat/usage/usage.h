/* What answers used, for administrators and for each user. Its handlers read as chat_worker, for
 * the table has no rows of one user alone. */
#ifndef CHAT_USAGE_USAGE_H
#define CHAT_USAGE_USAGE_H

#include "chat/chat.h"

struct usage_range {
	const char *from, *to; /* dates */
};

/* The days that a request asks for. errors: INVALID_ARGUMENT with the field; those of db. */
_must_check_ enum status usage_range(struct rpc_call *call, struct db *db,
				     const Chat__V1__ListUsageRequest *req,
				     struct usage_range *ret);

/* The rows after (rank, key), at most limit. errors: INVALID_ARGUMENT with the field; those of db. */
_must_check_ enum status usage_rows(struct rpc_call *call, struct db *db,
				    Chat__V1__ListUsageRequest__By by,
				    const struct usage_range *range, const char *rank,
				    const char *key, const char *limit, PGresult **ret);
/* What stands before the first of them. */
#define USAGE_FIRST_RANK "9223372036854775807"
#define USAGE_FIRST_KEY ""

/* All of it in arena. errors: RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status usage_row_read(struct rpc_call *call, const PGresult *rows, int row,
					Chat__V1__UsageRow *ret);
_must_check_ enum status usage_tokens_read(struct rpc_call *call, const PGresult *rows, int row,
					   Chat__V1__UsageTokens **ret);

/* What the caller used in a month: sql_usage_of_user. errors: INVALID_ARGUMENT with the field;
 * those of db. */
_must_check_ enum status usage_of_user(struct rpc_call *call,
				       const Chat__V1__GetTokenUsageRequest *req, PGresult **ret);
/* Whether a row of it is the sum of one model on one day. */
bool usage_is_model_day(const PGresult *rows, int row);
_must_check_ enum status usage_model_day_read(struct rpc_call *call, const PGresult *rows, int row,
					      Chat__V1__ModelDay *ret);

#endif
