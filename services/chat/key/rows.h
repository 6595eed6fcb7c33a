/* Rows of provider_key_list as answers. */
#ifndef CHAT_KEY_ROWS_H
#define CHAT_KEY_ROWS_H

#include "chat/catalogue/current.h"
#include "chat/chat.h"

/* Strings in arena. catalogue: says which keys are in use. */
void provider_key_read(struct arena *arena, const struct catalogue *catalogue, const PGresult *rows,
		       int row, Chat__V1__ProviderKey *ret);
/* The key by its id. errors: NOT_FOUND not_found. */
_must_check_ enum status provider_key_get(struct rpc_call *call, const char *id,
					  Chat__V1__ProviderKey *ret);
/* Why a statement for keys that administrators added touched no row. errors: NOT_FOUND not_found,
 * FAILED_PRECONDITION provider_key_of_file. */
_must_check_ enum status provider_key_refusal(struct rpc_call *call, const char *id);

#endif
