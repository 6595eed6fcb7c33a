/* JSON Web Tokens (RFC 7519) signed with ES256 by libjwt: access tokens of users and tokens of
 * services. One algorithm per key (RFC 8725 3.1), every claim checked (docs/modules/token.md). */
#ifndef RUNTIME_TOKEN_TOKEN_H
#define RUNTIME_TOKEN_TOKEN_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/base/uuid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_KID_SIZE 65       /* [A-Za-z0-9_-]{1,64}, parted by single dots, and the NUL */
#define TOKEN_TEXT_MAX 4096     /* bytes of a compact token; longer ones are refused unread */
#define TOKEN_LEEWAY_SECONDS 30 /* on exp, nbf and iat */
#define TOKEN_ACCESS "access"   /* type of a user's token */
#define TOKEN_SERVICE "service" /* type of a service's token */

/* A private key: makes tokens. Any thread. */
struct token_signer;
/* pem: PKCS#8 or SEC 1, P-256. issuer: `iss`. Errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status token_signer_new(const char *pem, const char *kid, const char *issuer,
					  struct token_signer **ret, struct error *reterr);
void token_signer_free(struct token_signer *signer);
/* Signs with the key of fresh from now on; fresh is freed. Both have one issuer. */
void token_signer_replace(struct token_signer *signer, struct token_signer *fresh);
/* Grows with each replacement: tokens that were made before are signed by an older key. */
uint64_t token_signer_version(const struct token_signer *signer);
/* The `iss` of its tokens. */
const char *token_signer_issuer(const struct token_signer *signer);

/* A new P-256 key pair, both PEM in arena. */
_must_check_ enum status token_key_generate(struct arena *arena, char **ret_private_pem,
					    char **ret_public_pem, struct error *reterr);
/* Coordinates of a public key for a JWK (RFC 7518 6.2.1), base64url. */
_must_check_ enum status token_key_coordinates(const char *public_pem, struct arena *arena,
					       char **ret_x, char **ret_y, struct error *reterr);

struct token_claims {
	char issuer[64];
	char subject[64];           /* user id, or the calling service's name */
	char audience[64];          /* "limitless", or the called service's name */
	char type[16];              /* `token_use`: TOKEN_ACCESS or TOKEN_SERVICE; RFC 8725 3.12 */
	char session_id[UUID_SIZE]; /* `sid`; empty for services */
	bool admin;                 /* `roles` holds "admin" */
	int64_t issued_at;          /* seconds since 1970 */
	int64_t not_before;
	int64_t expires_at;
	char kid[TOKEN_KID_SIZE];
};

/* Compact token in arena. issuer and kid come from the signer; issued_at 0: now. */
_must_check_ enum status token_sign(const struct token_signer *signer,
				    const struct token_claims *claims, struct arena *arena,
				    char **ret, struct error *reterr);

/* Public keys by kid. Lookups run beside replacements. Any thread. */
struct token_verifier;
struct token_verifier *token_verifier_new(void);
void token_verifier_free(struct token_verifier *verifier);

struct token_key {
	const char *kid;
	const char *public_pem;
	const char *issuer; /* only this `iss` may use the key; NULL: any */
};

/* Replaces all keys at once; on an error the old ones stay. */
_must_check_ enum status token_verifier_set(struct token_verifier *verifier,
					    const struct token_key *keys, size_t n,
					    struct error *reterr);
/* Grows with each replacement: a token that was verified before may be refused now. */
uint64_t token_verifier_version(const struct token_verifier *verifier);
bool token_verifier_knows(const struct token_verifier *verifier, const char *kid);

/* Checks form, alg ES256, kid, signature, token_use, iss, aud, exp, nbf, iat; *ret stays on a
 * refusal. errors: UNAUTHENTICATED unauthenticated | token_expired. */
_must_check_ enum status token_verify(const struct token_verifier *verifier, const char *token,
				      size_t len, const char *type, const char *audience,
				      struct token_claims *ret, struct error *reterr);

/* kid of a token that was not verified, to know whether to fetch keys. False: it has none of a
 * valid form. */
bool token_peek_kid(const char *token, size_t len, char out[TOKEN_KID_SIZE]);

#endif
