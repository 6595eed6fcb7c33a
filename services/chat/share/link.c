#include "chat/share/share.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define LABEL "limitless share\0" /* the secret signs page tokens too */

void share_token(const struct chat_conf *conf, const uint8_t salt[SHARE_SALT_SIZE],
		 char ret[SHARE_TOKEN_SIZE])
{
	const char *secret = conf->service.page_secret;
	uint8_t text[sizeof LABEL + SHARE_SALT_SIZE], mac[DIGEST_SHA256_SIZE];

	memcpy(text, LABEL, sizeof LABEL);
	memcpy(text + sizeof LABEL, salt, SHARE_SALT_SIZE);
	ensure(HMAC(EVP_sha256(), secret, (int)strlen(secret), text, sizeof text, mac, NULL));
	hex_encode(mac, SHARE_TOKEN_BYTES, ret);
}

const char *share_hash(struct arena *arena, const char *token)
{
	uint8_t hash[DIGEST_SHA256_SIZE];

	digest_sha256(token, strlen(token), hash);
	return db_param_bytes(arena, hash, sizeof hash);
}
