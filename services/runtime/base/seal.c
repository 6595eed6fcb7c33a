#include "runtime/base/seal.h"

#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16
_Static_assert(NONCE_SIZE + TAG_SIZE == SEAL_OVERHEAD, "what seal.h promises");

DEFINE_TRIVIAL_CLEANUP_FUNC(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free);

void seal_key_derive(const void *secret, size_t len, const char *purpose, struct seal_key *ret)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)purpose,
						  strlen(purpose)),
		OSSL_PARAM_construct_end(),
	};
	uint8_t hash[DIGEST_SHA256_SIZE];

	ensure(context && EVP_KDF_derive(context, ret->bytes, sizeof(ret->bytes), params) == 1);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	digest_sha256(ret->bytes, sizeof(ret->bytes), hash);
	hex_encode(hash, (SEAL_KEY_ID_SIZE - 1) / 2, ret->id);
}

/* nonce, ciphertext, tag. The nonce is random: a key seals far fewer than 2^32 texts. */
uint8_t *seal(const struct seal_key *key, const char *context, const void *plain, size_t len,
	      struct arena *arena, size_t *ret_len)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	uint8_t *out = arena_alloc(arena, len + SEAL_OVERHEAD);
	int n;

	if (!out)
		return NULL;
	random_bytes(out, NONCE_SIZE);
	ensure(cipher &&
	       EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, out) == 1 &&
	       EVP_EncryptUpdate(cipher, NULL, &n, (const uint8_t *)context,
				 (int)strlen(context)) == 1 &&
	       EVP_EncryptUpdate(cipher, out + NONCE_SIZE, &n, plain, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(cipher, out + NONCE_SIZE + len, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
				   out + NONCE_SIZE + len) == 1);
	*ret_len = len + SEAL_OVERHEAD;
	return out;
}

uint8_t *unseal(const struct seal_key *key, const char *context, const void *sealed, size_t len,
		struct arena *arena, size_t *ret_len)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	const uint8_t *in = sealed;
	uint8_t *out;
	size_t plain_len;
	int n;

	if (len < SEAL_OVERHEAD)
		return NULL;
	plain_len = len - SEAL_OVERHEAD;
	out = arena_alloc(arena, plain_len + 1);
	if (!out)
		return NULL;
	ensure(cipher && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, in) == 1 &&
	       EVP_DecryptUpdate(cipher, NULL, &n, (const uint8_t *)context,
				 (int)strlen(context)) == 1 &&
	       EVP_DecryptUpdate(cipher, out, &n, in + NONCE_SIZE, (int)plain_len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
				   (void *)(in + NONCE_SIZE + plain_len)) == 1);
	if (EVP_DecryptFinal_ex(cipher, out + plain_len, &n) != 1)
		return NULL;
	out[plain_len] = '\0'; /* so that a text can be used as one */
	*ret_len = plain_len;
	return out;
}
