#include "runtime/base/text.h"
#include "runtime/token/token.h"
#include "runtime/token/token_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <string.h>

#define COORDINATE_SIZE 32 /* bytes of x and of y on P-256 */

DEFINE_TRIVIAL_CLEANUP_FUNC(EVP_PKEY *, EVP_PKEY_free);
DEFINE_TRIVIAL_CLEANUP_FUNC(BIO *, BIO_free_all);
DEFINE_TRIVIAL_CLEANUP_FUNC(BIGNUM *, BN_clear_free);

bool token_kid_valid(const char *kid, size_t len)
{
	if (len == 0 || len >= TOKEN_KID_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = kid[i];
		bool between = i > 0 && i + 1 < len && kid[i - 1] != '.';

		if (!((c == '.' && between) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static bool is_p256(EVP_PKEY *key)
{
	char group[32];
	size_t len;

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					      &len) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

/* Refuses every curve but P-256. *ret is freed by EVP_PKEY_free. */
static enum status parse(const char *pem, bool private, EVP_PKEY **ret, struct error *reterr)
{
	_cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(pem, -1);
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;

	/* The empty passphrase keeps OpenSSL from asking for one on the terminal. */
	if (bio && private)
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
	else if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, (void *)"");
	if (!key)
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "the %s key is not PEM that OpenSSL can read",
				 private ? "private" : "public");
	if (!is_p256(key))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "the key is not on the curve P-256");
	*ret = TAKE_PTR(key);
	return OK;
}

enum status token_key_check(const char *pem, bool private, struct error *reterr)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;

	return parse(pem, private, &key, reterr);
}

static char *bio_text(BIO *bio, struct arena *arena)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return arena_strndup(arena, data, (size_t)len);
}

enum status token_key_generate(struct arena *arena, char **ret_private_pem, char **ret_public_pem,
			       struct error *reterr)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	/* Secret memory: OpenSSL wipes it. */
	_cleanup_(BIO_free_allp) BIO *private = BIO_new(BIO_s_secmem());
	_cleanup_(BIO_free_allp) BIO *public = BIO_new(BIO_s_mem());

	if (!key || !private || !public ||
	    PEM_write_bio_PKCS8PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_PUBKEY(public, key) != 1)
		return error_set(reterr, INTERNAL, "internal_error",
				 "OpenSSL could not make a P-256 key");
	*ret_private_pem = bio_text(private, arena);
	*ret_public_pem = bio_text(public, arena);
	return OK;
}

static char *coordinate(EVP_PKEY *key, const char *param, struct arena *arena)
{
	_cleanup_(BN_clear_freep) BIGNUM *number = NULL;
	uint8_t bytes[COORDINATE_SIZE];

	if (EVP_PKEY_get_bn_param(key, param, &number) != 1 ||
	    BN_bn2binpad(number, bytes, sizeof(bytes)) != sizeof(bytes))
		return NULL;
	return base64url_encode(arena, bytes, sizeof(bytes));
}

enum status token_key_coordinates(const char *public_pem, struct arena *arena, char **ret_x,
				  char **ret_y, struct error *reterr)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	enum status s = parse(public_pem, false, &key, reterr);
	char *x, *y;

	if (s != OK)
		return s;
	x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, arena);
	y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, arena);
	if (!x || !y)
		return error_set(reterr, INTERNAL, "internal_error",
				 "OpenSSL did not give the coordinates of a key");
	*ret_x = x;
	*ret_y = y;
	return OK;
}
