#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/token/token.h"
#include "runtime/token/token_key.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <string.h>

#define DER_SIGNATURE_MAX 80 /* bytes; 72 on P-256 */

struct token_signer {
	EVP_PKEY *key;
	char kid[TOKEN_KID_SIZE];
	char issuer[sizeof(((struct token_claims *)0)->issuer)];
};

DEFINE_TRIVIAL_CLEANUP_FUNC(ECDSA_SIG *, ECDSA_SIG_free);
DEFINE_TRIVIAL_CLEANUP_FUNC(EVP_MD_CTX *, EVP_MD_CTX_free);

enum status token_signer_new(const char *pem, const char *kid, const char *issuer,
			     struct token_signer **ret, struct error *reterr)
{
	struct token_signer *signer;
	EVP_PKEY *key;
	enum status s;

	if (!token_kid_valid(kid, strlen(kid)))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "a kid is 1 to 64 of A-Z a-z 0-9 _ -");
	if (issuer[0] == '\0' || strlen(issuer) >= sizeof(signer->issuer))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "an issuer has 1 to %zu bytes", sizeof(signer->issuer) - 1);
	s = token_key_parse_private(pem, &key, reterr);
	if (s != OK)
		return s;

	signer = calloc(1, sizeof(*signer));
	ensure(signer);
	signer->key = key;
	memcpy(signer->kid, kid, strlen(kid));
	memcpy(signer->issuer, issuer, strlen(issuer));
	*ret = signer;
	return OK;
}

void token_signer_free(struct token_signer *signer)
{
	if (!signer)
		return;
	EVP_PKEY_free(signer->key);
	free(signer);
}

const char *token_signer_issuer(const struct token_signer *signer)
{
	return signer->issuer;
}

/* The object as base64url of its JSON; frees it. */
static char *encode_json(json_t *object, struct arena *arena)
{
	_cleanup_(freep) char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	ensure(text);
	return base64url_encode(arena, text, strlen(text));
}

static json_t *header_of(const struct token_signer *signer, const struct token_claims *claims)
{
	json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "typ", claims->type, "kid",
				   signer->kid);

	ensure(header);
	return header;
}

static json_t *payload_of(const struct token_signer *signer, const struct token_claims *claims)
{
	int64_t issued_at = claims->issued_at ? claims->issued_at : clock_wall_us() / US_PER_S;
	int64_t not_before = claims->not_before ? claims->not_before : issued_at;
	json_t *payload =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "iss", signer->issuer, "sub",
			  claims->subject, "aud", claims->audience, "iat", (json_int_t)issued_at,
			  "nbf", (json_int_t)not_before, "exp", (json_int_t)claims->expires_at);

	ensure(payload); /* the claims are UTF-8: they come from this program */
	if (claims->session_id[0])
		json_object_set_new(payload, "sid", json_string(claims->session_id));
	if (claims->admin)
		json_object_set_new(payload, "roles", json_pack("[s]", "admin"));
	return payload;
}

/* OpenSSL gives DER, JWS carries r || s (RFC 7518 3.4). */
static bool signature_from_der(const uint8_t *der, size_t len, uint8_t out[TOKEN_SIGNATURE_SIZE])
{
	_cleanup_(ECDSA_SIG_freep) ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
	const int half = TOKEN_SIGNATURE_SIZE / 2;

	return signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, half) == half &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + half, half) == half;
}

static bool sign(EVP_PKEY *key, const char *text, uint8_t out[TOKEN_SIGNATURE_SIZE])
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[DER_SIGNATURE_MAX];
	size_t len = sizeof(der);

	return context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSign(context, der, &len, (const uint8_t *)text, strlen(text)) == 1 &&
	       signature_from_der(der, len, out);
}

enum status token_sign(const struct token_signer *signer, const struct token_claims *claims,
		       struct arena *arena, char **ret, struct error *reterr)
{
	uint8_t signature[TOKEN_SIGNATURE_SIZE];
	const char *text;

	ensure(claims->type[0] && claims->subject[0] && claims->audience[0] && claims->expires_at);
	text = arena_printf(arena, "%s.%s", encode_json(header_of(signer, claims), arena),
			    encode_json(payload_of(signer, claims), arena));
	if (!sign(signer->key, text, signature))
		return error_set(reterr, INTERNAL, "internal_error",
				 "OpenSSL could not sign with key %s", signer->kid);
	*ret = arena_printf(arena, "%s.%s", text,
			    base64url_encode(arena, signature, sizeof(signature)));
	return OK;
}
