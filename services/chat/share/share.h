/* Links to snapshots of chats (docs/modules/share.md). */
#ifndef CHAT_SHARE_SHARE_H
#define CHAT_SHARE_SHARE_H

#include "chat/chat.h"
#include "runtime/base/digest.h"

#define SHARE_SALT_SIZE 16
#define SHARE_TOKEN_BYTES 24 /* of a MAC: 192 bits */
/* In hexadecimal, with the NUL: programs that find links in texts take all of it. */
#define SHARE_TOKEN_SIZE (2 * SHARE_TOKEN_BYTES + 1)
#define SHARE_PATH "/shared/"      /* of the page that shows one, before the token */
#define SHARE_AUTHOR_MAX 100       /* bytes, as in the proto */
#define SHARE_PAGE_BYTES (1 << 20) /* of text, so that long messages fit one answer */

/* The token alone lets a reader in, so no table has it. It is a MAC of a random salt under the
 * server's secret: the owner can be shown the link again, and a copy of the database opens
 * nothing. */
void share_token(const struct chat_conf *conf, const uint8_t salt[SHARE_SALT_SIZE],
		 char ret[SHARE_TOKEN_SIZE]);

/* The hash by which a link is found, as a parameter. A look-up by it takes as long for a token that
 * is nearly right as for any other. */
const char *share_hash(struct arena *arena, const char *token);

/* A row with the columns of share_get; strings in arena. */
void share_read(const struct chat_conf *conf, struct arena *arena, const PGresult *rows, int row,
		Chat__V1__Share *ret);

Chat__V1__Share__Audience share_audience_read(const char *word);

/* The answer to every token that shows the caller nothing. */
enum status share_not_found(struct rpc_call *call);

/* Both methods that read what a link shows. */
enum status shared_answer(struct rpc_call *call, const Chat__V1__GetSharedRequest *req,
			  Chat__V1__SharedChat *resp);

#endif
