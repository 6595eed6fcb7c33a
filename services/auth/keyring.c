#include "auth/keyring.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "sql/auth.h"

#include <string.h>

#define ISSUER "auth"
#define RING_BYTES_MAX (1 << 20) /* of the texts of all published keys */
#define PURPOSE "auth signing keys"
#define SEAL_KEY_MIN 32 /* bytes: a guessed one opens the keys that sign all tokens */

/* The result of one reading of the table. Replaced as a whole. */
struct keyring_snapshot {
	struct arena *arena;
	struct keyring_key *keys;
	size_t n;
	struct token_signer *signer; /* of the key whose time it is */
};

static void ring_free(struct keyring_snapshot *ring)
{
	if (!ring)
		return;
	token_signer_free(ring->signer);
	arena_free(ring->arena);
	free(ring);
}
DEFINE_TRIVIAL_CLEANUP_FUNC(struct keyring_snapshot *, ring_free);

static struct keyring_snapshot *ring_new(void)
{
	struct keyring_snapshot *ring = calloc(1, sizeof(*ring));

	ensure(ring);
	ring->arena = arena_new(4096, RING_BYTES_MAX);
	return ring;
}

/* ------------------------------------------------------------------ private keys at rest */

static const char *seal_context(struct arena *arena, const char *kid)
{
	return arena_printf(arena, "signing_key %s", kid);
}

static const char *seal_private(const struct keyring *keyring, struct arena *arena, const char *kid,
				const char *pem)
{
	size_t len;
	const uint8_t *sealed =
		seal(&keyring->seal, seal_context(arena, kid), pem, strlen(pem), arena, &len);

	return sealed ? db_param_bytes(arena, sealed, len) : "";
}

static enum status unseal_private(const struct keyring *keyring, struct arena *arena,
				  const PGresult *rows, int row, char **ret, struct error *reterr)
{
	const char *kid = db_peek(rows, row, "kid"), *id = db_peek(rows, row, "seal_key_id");
	const struct seal_key *key = NULL;
	size_t sealed_len, len;
	const uint8_t *sealed = db_bytes(arena, rows, row, "private_sealed", &sealed_len);

	if (strcmp(id, keyring->seal.id) == 0)
		key = &keyring->seal;
	else if (keyring->has_previous && strcmp(id, keyring->seal_previous.id) == 0)
		key = &keyring->seal_previous;
	if (!key)
		return error_set(
			reterr, FAILED_PRECONDITION, "internal_error",
			"signing key %s was sealed under another seal_key: set the old one as "
			"seal_key_previous",
			kid);
	*ret = (char *)unseal(key, seal_context(arena, kid), sealed, sealed_len, arena, &len);
	if (!*ret)
		return error_set(reterr, DATA_LOSS, "internal_error",
				 "signing key %s does not open: its row was changed", kid);
	return OK;
}

/* Seals a key of the previous seal anew, so that seal_key_previous can be dropped after a while. */
static enum status reseal(const struct keyring *keyring, struct db *db, struct arena *arena,
			  const char *kid, const char *pem, struct error *reterr)
{
	const char *const params[] = {kid, seal_private(keyring, arena, kid, pem),
				      keyring->seal.id};

	return db_exec(db, &sql_auth_key_reseal, params, NULL, reterr);
}

/* ------------------------------------------------------------------ reading */

static enum status read_signer(const struct keyring *keyring, struct db *db,
			       struct keyring_snapshot *ring, const PGresult *rows, int row,
			       struct error *reterr)
{
	const char *kid = db_peek(rows, row, "kid");
	enum status s;
	char *pem;

	s = unseal_private(keyring, ring->arena, rows, row, &pem, reterr);
	if (s == OK && strcmp(db_peek(rows, row, "seal_key_id"), keyring->seal.id) != 0)
		s = reseal(keyring, db, ring->arena, kid, pem, reterr);
	if (s == OK && db_bool(rows, row, "signs"))
		s = token_signer_new(pem, kid, ISSUER, &ring->signer, reterr);
	if (s == OK)
		memset(pem, 0, strlen(pem));
	return s;
}

static enum status read_rows(const struct keyring *keyring, struct db *db,
			     struct keyring_snapshot *ring, const PGresult *rows,
			     struct error *reterr)
{
	ring->n = (size_t)PQntuples(rows);
	ring->keys = arena_array(ring->arena, ring->n, sizeof(*ring->keys));
	for (size_t i = 0; ring->keys && i < ring->n; i++) {
		struct keyring_key *key = &ring->keys[i];
		char *x, *y;
		enum status s;

		key->kid = db_text(ring->arena, rows, (int)i, "kid");
		key->public_pem = db_text(ring->arena, rows, (int)i, "public_pem");
		s = token_key_coordinates(key->public_pem, ring->arena, &x, &y, reterr);
		if (s == OK)
			s = read_signer(keyring, db, ring, rows, (int)i, reterr);
		if (s != OK)
			return s;
		key->x = x;
		key->y = y;
	}
	if (ring->arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "internal_error", "too many keys");
	if (!ring->signer)
		return error_set(reterr, FAILED_PRECONDITION, "internal_error",
				 "no signing key is in its time");
	return OK;
}

enum status keyring_load(struct keyring *keyring, struct db *db, struct error *reterr)
{
	_cleanup_(ring_freep) struct keyring_snapshot *ring = ring_new();
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {db_param_i64(ring->arena, keyring->options.token_reach_ms)};
	struct keyring_snapshot *old;
	enum status s;

	s = db_query(db, &sql_auth_key_list, params, &rows, reterr);
	if (s == OK)
		s = read_rows(keyring, db, ring, rows, reterr);
	if (s != OK)
		return s;
	pthread_rwlock_wrlock(&keyring->lock);
	old = keyring->ring;
	keyring->ring = TAKE_PTR(ring);
	pthread_rwlock_unlock(&keyring->lock);
	ring_free(old);
	return OK;
}

/* ------------------------------------------------------------------ making */

static enum status make_key(const struct keyring *keyring, struct db *db, struct arena *arena,
			    const PGresult *due, struct error *reterr)
{
	int64_t ahead_ms = db_bool(due, 0, "first") ? 0 : keyring->options.publish_ms, n;
	char kid[UUID_SIZE], *private_pem, *public_pem;
	enum status s;

	uuid_v7(kid);
	s = token_key_generate(arena, &private_pem, &public_pem, reterr);
	if (s != OK)
		return s;
	const char *const params[] = {
		db_peek(due, 0, "generation"),
		kid,
		public_pem,
		seal_private(keyring, arena, kid, private_pem),
		keyring->seal.id,
		db_param_i64(arena, ahead_ms),
	};
	memset(private_pem, 0, strlen(private_pem));
	s = db_exec(db, &sql_auth_key_insert, params, &n, reterr);
	if (s == OK && n > 0)
		log_info("signing_key_made", LOG_S("kid", kid), LOG_I("signs_in_ms", ahead_ms));
	return s;
}

enum status keyring_rotate(struct db *db, void *ctx, struct error *reterr)
{
	const struct keyring *keyring = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, RING_BYTES_MAX);
	_cleanup_(PQclearp) PGresult *due = NULL;
	const char *const when[] = {
		db_param_i64(arena, keyring->options.sign_ms),
		db_param_i64(arena, keyring->options.publish_ms),
	};
	const char *const reach[] = {db_param_i64(arena, keyring->options.token_reach_ms)};
	enum status s;

	s = db_query(db, &sql_auth_key_due, when, &due, reterr);
	if (s == OK && PQntuples(due) > 0)
		s = make_key(keyring, db, arena, due, reterr);
	if (s == OK)
		s = db_exec(db, &sql_auth_key_purge, reach, NULL, reterr);
	return s;
}

enum status keyring_start(struct keyring *keyring, const struct keyring_options *options,
			  struct db *db, struct error *reterr)
{
	const char *previous = options->seal_key_previous;
	enum status s;

	if (strlen(options->seal_key) < SEAL_KEY_MIN)
		return error_set(
			reterr, INVALID_ARGUMENT, "config_invalid",
			"seal_key: has %zu bytes and needs %d or more: openssl rand -hex 32",
			strlen(options->seal_key), SEAL_KEY_MIN);
	keyring->options = *options;
	seal_key_derive(options->seal_key, strlen(options->seal_key), PURPOSE, &keyring->seal);
	keyring->has_previous = previous[0] != '\0';
	if (keyring->has_previous)
		seal_key_derive(previous, strlen(previous), PURPOSE, &keyring->seal_previous);
	s = keyring_rotate(db, keyring, reterr);
	if (s == OK)
		s = keyring_load(keyring, db, reterr);
	return s;
}

void keyring_stop(struct keyring *keyring)
{
	ring_free(TAKE_PTR(keyring->ring));
}

/* ------------------------------------------------------------------ use */

enum status keyring_sign(struct keyring *keyring, const struct token_claims *claims,
			 struct arena *arena, char **ret, struct error *reterr)
{
	enum status s;

	pthread_rwlock_rdlock(&keyring->lock);
	s = token_sign(keyring->ring->signer, claims, arena, ret, reterr);
	pthread_rwlock_unlock(&keyring->lock);
	return s;
}

const struct keyring_key *keyring_list(struct keyring *keyring, struct arena *arena, size_t *ret_n)
{
	struct keyring_key *keys;

	pthread_rwlock_rdlock(&keyring->lock);
	*ret_n = keyring->ring->n;
	keys = arena_array(arena, keyring->ring->n, sizeof(*keys));
	for (size_t i = 0; keys && i < keyring->ring->n; i++) {
		const struct keyring_key *key = &keyring->ring->keys[i];

		keys[i] = (struct keyring_key){
			.kid = arena_strdup(arena, key->kid),
			.public_pem = arena_strdup(arena, key->public_pem),
			.x = arena_strdup(arena, key->x),
			.y = arena_strdup(arena, key->y),
		};
	}
	pthread_rwlock_unlock(&keyring->lock);
	return keys;
}
