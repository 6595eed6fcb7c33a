#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/token/token.h"
#include "runtime/token/token_key.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define KEYS_MAX 64         /* keys of one verifier */
#define SIGNATURE_SIZE 64   /* bytes of r || s on P-256 (RFC 7518 3.4) */
#define SCRATCH_BYTES 12288 /* TOKEN_TEXT_MAX, its decoded header, payload and signature */
#define HEADER_MEMBERS 3    /* alg, kid, typ and nothing else: no crit, no jku, no jwk, no x5u */

struct verification_key {
	char kid[TOKEN_KID_SIZE];
	char issuer[sizeof(((struct token_claims *)0)->issuer)]; /* empty: any */
	char *pem;
};

/* Never changed once it is shared; lives until its last user lets go. */
struct key_set {
	atomic_int users; /* calls that verify with it, and the verifier itself */
	size_t n;
	struct verification_key keys[];
};

struct token_verifier {
	pthread_mutex_t *lock; /* of set, the pointer; never held while verifying */
	struct key_set *set;
	_Atomic uint64_t version;
};

/* The three parts of a compact token; they point into it. */
struct parts {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len, signed_len;
};

/* Empty, with room for n keys. */
static struct key_set *new_set(size_t n)
{
	struct key_set *set = calloc(1, sizeof(*set) + n * sizeof(set->keys[0]));

	ensure(set);
	atomic_init(&set->users, 1);
	return set;
}

static struct key_set *take_set(const struct token_verifier *verifier)
{
	struct key_set *set;

	pthread_mutex_lock(verifier->lock);
	set = verifier->set;
	atomic_fetch_add(&set->users, 1);
	pthread_mutex_unlock(verifier->lock);
	return set;
}

static void give_set(struct key_set *set)
{
	if (atomic_fetch_sub(&set->users, 1) != 1)
		return;
	for (size_t i = 0; i < set->n; i++)
		free(set->keys[i].pem);
	free(set);
}
DEFINE_TRIVIAL_CLEANUP_FUNC(struct key_set *, give_set);

static const struct verification_key *find(const struct key_set *set, const char *kid)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}

struct token_verifier *token_verifier_new(void)
{
	struct token_verifier *verifier = calloc(1, sizeof(*verifier));

	ensure(verifier);
	verifier->lock = malloc(sizeof(*verifier->lock));
	ensure(verifier->lock && pthread_mutex_init(verifier->lock, NULL) == 0);
	verifier->set = new_set(0);
	return verifier;
}

void token_verifier_free(struct token_verifier *verifier)
{
	if (!verifier)
		return;
	give_set(verifier->set);
	pthread_mutex_destroy(verifier->lock);
	free(verifier->lock);
	free(verifier);
}

static enum status read_key(const struct token_key *in, struct verification_key *out,
			    struct error *reterr)
{
	enum status s;

	if (!token_kid_valid(in->kid, strlen(in->kid)))
		return error_set(
			reterr, INVALID_ARGUMENT, "field_invalid",
			"a key id is 1 to 64 of A-Z a-z 0-9 _ - and single dots between them");
	if (in->issuer && strlen(in->issuer) >= sizeof(out->issuer))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "the issuer of key %s has more than %zu bytes", in->kid,
				 sizeof(out->issuer) - 1);
	s = token_key_check(in->public_pem, false, reterr);
	if (s != OK)
		return s;
	memcpy(out->kid, in->kid, strlen(in->kid) + 1);
	if (in->issuer)
		memcpy(out->issuer, in->issuer, strlen(in->issuer) + 1);
	out->pem = strdup(in->public_pem);
	ensure(out->pem);
	return OK;
}

enum status token_verifier_set(struct token_verifier *verifier, const struct token_key *keys,
			       size_t n, struct error *reterr)
{
	_cleanup_(give_setp) struct key_set *set = NULL;
	struct key_set *old;

	if (n > KEYS_MAX)
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "%zu keys are more than %d", n, KEYS_MAX);
	set = new_set(n);
	for (size_t i = 0; i < n; i++, set->n++) {
		enum status s;

		if (find(set, keys[i].kid))
			return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
					 "two keys have the kid %s", keys[i].kid);
		s = read_key(&keys[i], &set->keys[i], reterr);
		if (s != OK)
			return s;
	}

	pthread_mutex_lock(verifier->lock);
	old = verifier->set;
	verifier->set = TAKE_PTR(set);
	pthread_mutex_unlock(verifier->lock);
	atomic_fetch_add(&verifier->version, 1);
	give_set(old);
	return OK;
}

uint64_t token_verifier_version(const struct token_verifier *verifier)
{
	return atomic_load_explicit(&verifier->version, memory_order_acquire);
}

bool token_verifier_knows(const struct token_verifier *verifier, const char *kid)
{
	_cleanup_(give_setp) struct key_set *set = take_set(verifier);

	return find(set, kid) != NULL;
}

static bool split(const char *token, size_t len, struct parts *ret)
{
	const char *first, *second, *end = token + len;

	if (len > TOKEN_TEXT_MAX)
		return false;
	first = memchr(token, '.', len);
	if (!first)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	*ret = (struct parts){
		.header = token,
		.header_len = (size_t)(first - token),
		.payload = first + 1,
		.payload_len = (size_t)(second - first - 1),
		.signature = second + 1,
		.signature_len = (size_t)(end - second - 1),
		.signed_len = (size_t)(second - token),
	};
	return true;
}

/* A JSON object without a doubled member, or NULL. */
static json_t *decode_json(struct arena *arena, const char *text, size_t len)
{
	size_t n;
	uint8_t *raw = base64url_decode(arena, text, len, &n);
	json_t *value = raw ? json_loadb((char *)raw, n, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (value && !json_is_object(value)) {
		json_decref(value);
		return NULL;
	}
	return value;
}

/* Copies a text member into out; false when it is missing, no text, empty, too long or has a
 * NUL. */
static bool take_text(const json_t *object, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(object, name);
	size_t len = json_string_length(value);

	if (len == 0 || len >= size)
		return false;
	memcpy(out, json_string_value(value), len + 1);
	return true;
}

/* Anything but an integer counts as 0. */
static bool take_time(const json_t *object, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(object, name);

	*ret = json_integer_value(value);
	return *ret > 0 && *ret < INT64_MAX / US_PER_S;
}

/* Before libjwt sees the token: it would take whatever algorithm the header names. */
static bool read_header(const json_t *header, struct token_claims *ret)
{
	char algorithm[8], type[8];

	return json_object_size(header) == HEADER_MEMBERS &&
	       take_text(header, "alg", algorithm, sizeof(algorithm)) &&
	       strcmp(algorithm, "ES256") == 0 && take_text(header, "typ", type, sizeof(type)) &&
	       strcmp(type, "JWT") == 0 && take_text(header, "kid", ret->kid, sizeof(ret->kid)) &&
	       token_kid_valid(ret->kid, strlen(ret->kid));
}

static bool read_roles(const json_t *roles, bool *ret_admin)
{
	const json_t *role;
	size_t i;

	*ret_admin = false;
	if (!roles)
		return true;
	if (!json_is_array(roles))
		return false;
	json_array_foreach(roles, i, role)
	{
		if (!json_is_string(role))
			return false;
		if (strcmp(json_string_value(role), "admin") == 0)
			*ret_admin = true;
	}
	return true;
}

static bool read_claims(const json_t *payload, struct token_claims *ret)
{
	if (json_object_get(payload, "sid") &&
	    (!take_text(payload, "sid", ret->session_id, sizeof(ret->session_id)) ||
	     !uuid_valid(ret->session_id)))
		return false;
	return take_text(payload, "iss", ret->issuer, sizeof(ret->issuer)) &&
	       take_text(payload, "sub", ret->subject, sizeof(ret->subject)) &&
	       take_text(payload, "aud", ret->audience, sizeof(ret->audience)) &&
	       take_text(payload, "token_use", ret->type, sizeof(ret->type)) &&
	       take_time(payload, "iat", &ret->issued_at) &&
	       take_time(payload, "nbf", &ret->not_before) &&
	       take_time(payload, "exp", &ret->expires_at) &&
	       read_roles(json_object_get(payload, "roles"), &ret->admin);
}

/* The length is asked for here because libjwt reads more spellings of base64 than one. */
static bool signature_good(struct arena *arena, const struct parts *parts, const char *pem)
{
	_cleanup_(jwt_freep) jwt_t *jwt = NULL;
	size_t len, token_len = parts->signed_len + 1 + parts->signature_len;

	if (!base64url_decode(arena, parts->signature, parts->signature_len, &len) ||
	    len != SIGNATURE_SIZE)
		return false;
	return jwt_decode(&jwt, arena_strndup(arena, parts->header, token_len),
			  (const unsigned char *)pem, (int)strlen(pem)) == 0 &&
	       jwt_get_alg(jwt) == JWT_ALG_ES256;
}

static enum status refuse(struct error *reterr, const char *why)
{
	return error_set(reterr, UNAUTHENTICATED, "unauthenticated", "%s", why);
}

/* Checks the claims themselves, after the signature. */
static enum status check_claims(const struct token_claims *claims,
				const struct verification_key *key, const char *type,
				const char *audience, struct error *reterr)
{
	int64_t now = clock_wall_us() / US_PER_S;

	if (strcmp(claims->type, type) != 0)
		return refuse(reterr, "the token is of another type");
	if (strcmp(claims->audience, audience) != 0)
		return refuse(reterr, "the token is for another audience");
	if (key->issuer[0] && strcmp(claims->issuer, key->issuer) != 0)
		return refuse(reterr, "the token's issuer may not use this key");
	if (claims->not_before > now + TOKEN_LEEWAY_SECONDS ||
	    claims->issued_at > now + TOKEN_LEEWAY_SECONDS)
		return refuse(reterr, "the token is not valid yet");
	if (claims->expires_at <= now - TOKEN_LEEWAY_SECONDS)
		return error_set(reterr, UNAUTHENTICATED, "token_expired", "the token has expired");
	return OK;
}

enum status token_verify(const struct token_verifier *verifier, const char *token, size_t len,
			 const char *type, const char *audience, struct token_claims *ret,
			 struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *scratch = NULL;
	_cleanup_(give_setp) struct key_set *set = NULL;
	_cleanup_(json_decrefp) json_t *header = NULL, *payload = NULL;
	const struct verification_key *key;
	struct token_claims claims = {0};
	struct parts parts;
	enum status s;

	if (!split(token, len, &parts))
		return refuse(reterr, "the token is not a compact JWS");
	scratch = arena_new(SCRATCH_BYTES, SCRATCH_BYTES);
	header = decode_json(scratch, parts.header, parts.header_len);
	if (!header || !read_header(header, &claims))
		return refuse(reterr, "the token's header is not one of ours");
	set = take_set(verifier);
	key = find(set, claims.kid);
	if (!key)
		return refuse(reterr, "the token's key is not known");
	if (!signature_good(scratch, &parts, key->pem))
		return refuse(reterr, "the token's signature does not verify");
	payload = decode_json(scratch, parts.payload, parts.payload_len);
	if (!payload || !read_claims(payload, &claims))
		return refuse(reterr, "the token's claims are not well-formed");
	s = check_claims(&claims, key, type, audience, reterr);
	if (s != OK)
		return s;
	*ret = claims;
	return OK;
}

bool token_peek_kid(const char *token, size_t len, char out[TOKEN_KID_SIZE])
{
	_cleanup_(arena_freep) struct arena *scratch = NULL;
	_cleanup_(json_decrefp) json_t *header = NULL;
	struct token_claims claims = {0};
	struct parts parts;

	if (!split(token, len, &parts))
		return false;
	scratch = arena_new(SCRATCH_BYTES, SCRATCH_BYTES);
	header = decode_json(scratch, parts.header, parts.header_len);
	if (!header || !read_header(header, &claims))
		return false;
	memcpy(out, claims.kid, sizeof(claims.kid));
	return true;
}
