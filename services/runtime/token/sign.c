#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/token/token.h"
#include "runtime/token/token_key.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct token_signer {
	pthread_rwlock_t *lock; /* of pem and kid */
	_Atomic uint64_t version;
	char *pem;
	char kid[TOKEN_KID_SIZE];
	char issuer[sizeof(((struct token_claims *)0)->issuer)];
};

enum status token_signer_new(const char *pem, const char *kid, const char *issuer,
			     struct token_signer **ret, struct error *reterr)
{
	struct token_signer *signer;
	enum status s;

	if (!token_kid_valid(kid, strlen(kid)))
		return error_set(
			reterr, INVALID_ARGUMENT, "field_invalid",
			"a key id is 1 to 64 of A-Z a-z 0-9 _ - and single dots between them");
	if (issuer[0] == '\0' || strlen(issuer) >= sizeof(signer->issuer))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "an issuer has 1 to %zu bytes", sizeof(signer->issuer) - 1);
	s = token_key_check(pem, true, reterr);
	if (s != OK)
		return s;

	signer = calloc(1, sizeof(*signer));
	ensure(signer);
	signer->pem = strdup(pem);
	signer->lock = malloc(sizeof(*signer->lock));
	ensure(signer->pem && signer->lock && pthread_rwlock_init(signer->lock, NULL) == 0);
	memcpy(signer->kid, kid, strlen(kid));
	memcpy(signer->issuer, issuer, strlen(issuer));
	*ret = signer;
	return OK;
}

void token_signer_free(struct token_signer *signer)
{
	if (!signer)
		return;
	OPENSSL_cleanse(signer->pem, strlen(signer->pem));
	free(signer->pem);
	pthread_rwlock_destroy(signer->lock);
	free(signer->lock);
	free(signer);
}

void token_signer_replace(struct token_signer *signer, struct token_signer *fresh)
{
	char *old;

	ensure(strcmp(signer->issuer, fresh->issuer) == 0);
	pthread_rwlock_wrlock(signer->lock);
	old = signer->pem;
	signer->pem = fresh->pem;
	fresh->pem = old;
	memcpy(signer->kid, fresh->kid, sizeof(signer->kid));
	pthread_rwlock_unlock(signer->lock);
	atomic_fetch_add(&signer->version, 1);
	token_signer_free(fresh);
}

uint64_t token_signer_version(const struct token_signer *signer)
{
	return atomic_load_explicit(&signer->version, memory_order_acquire);
}

const char *token_signer_issuer(const struct token_signer *signer)
{
	return signer->issuer;
}

static void add_claims(jwt_t *jwt, const struct token_signer *signer,
		       const struct token_claims *claims)
{
	int64_t issued_at = claims->issued_at ? claims->issued_at : clock_wall_us() / US_PER_S;
	int64_t not_before = claims->not_before ? claims->not_before : issued_at;

	/* The claims are UTF-8: they come from this program. */
	ensure(jwt_add_grant(jwt, "iss", signer->issuer) == 0 &&
	       jwt_add_grant(jwt, "sub", claims->subject) == 0 &&
	       jwt_add_grant(jwt, "aud", claims->audience) == 0 &&
	       jwt_add_grant(jwt, "token_use", claims->type) == 0 &&
	       jwt_add_grant_int(jwt, "iat", issued_at) == 0 &&
	       jwt_add_grant_int(jwt, "nbf", not_before) == 0 &&
	       jwt_add_grant_int(jwt, "exp", claims->expires_at) == 0);
	if (claims->session_id[0])
		ensure(jwt_add_grant(jwt, "sid", claims->session_id) == 0);
	if (claims->admin)
		ensure(jwt_add_grants_json(jwt, "{\"roles\":[\"admin\"]}") == 0);
}

enum status token_sign(const struct token_signer *signer, const struct token_claims *claims,
		       struct arena *arena, char **ret, struct error *reterr)
{
	_cleanup_(jwt_freep) jwt_t *jwt = NULL;
	_cleanup_(freep) char *text = NULL;
	char kid[TOKEN_KID_SIZE];

	ensure(claims->type[0] && claims->subject[0] && claims->audience[0] && claims->expires_at);
	ensure(jwt_new(&jwt) == 0);
	add_claims(jwt, signer, claims);
	pthread_rwlock_rdlock(signer->lock);
	memcpy(kid, signer->kid, sizeof(kid));
	ensure(jwt_add_header(jwt, "kid", kid) == 0);
	if (jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)signer->pem,
			(int)strlen(signer->pem)) == 0)
		text = jwt_encode_str(jwt);
	pthread_rwlock_unlock(signer->lock);
	if (!text)
		return error_set(reterr, INTERNAL, "internal_error",
				 "libjwt could not sign with key %s", kid);
	*ret = arena_strdup(arena, text);
	return OK;
}
