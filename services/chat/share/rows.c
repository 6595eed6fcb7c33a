#include "chat/share/share.h"

#include <string.h>

Chat__V1__Share__Audience share_audience_read(const char *word)
{
	return strcmp(word, "SIGNED_IN") == 0 ? CHAT__V1__SHARE__AUDIENCE__SIGNED_IN
					      : CHAT__V1__SHARE__AUDIENCE__EVERYBODY;
}

/* The path of the link. "": its token was made under another secret. */
static char *url_of(const struct chat_conf *conf, struct arena *arena, const PGresult *rows,
		    int row)
{
	char token[SHARE_TOKEN_SIZE];
	uint8_t hash[DIGEST_SHA256_SIZE];
	size_t salt_len, hash_len;
	const uint8_t *salt = db_bytes(arena, rows, row, "salt", &salt_len);
	const uint8_t *kept = db_bytes(arena, rows, row, "token_hash", &hash_len);

	if (!salt || !kept || salt_len != SHARE_SALT_SIZE || hash_len != sizeof hash)
		return (char *)"";
	share_token(conf, salt, token);
	digest_sha256(token, strlen(token), hash);
	return memcmp(hash, kept, sizeof hash) == 0 ? arena_printf(arena, SHARE_PATH "%s", token)
						    : (char *)"";
}

void share_read(const struct chat_conf *conf, struct arena *arena, const PGresult *rows, int row,
		Chat__V1__Share *ret)
{
	chat__v1__share__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->chat = db_text(arena, rows, row, "chat_id");
	ret->title = db_text(arena, rows, row, "title");
	ret->url = url_of(conf, arena, rows, row);
	ret->audience = share_audience_read(db_peek(rows, row, "audience"));
	ret->author = db_text(arena, rows, row, "author");
	ret->expire_time = db_time(arena, rows, row, "expire_us");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->snapshot_time = db_time(arena, rows, row, "snapshot_us");
	ret->messages = db_i32(rows, row, "messages");
	ret->outdated = db_bool(rows, row, "outdated");
	ret->expired = db_bool(rows, row, "expired");
}
