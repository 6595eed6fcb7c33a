#include "chat/key/vault.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define PURPOSE "chat provider keys"
#define MASTER_KEY_MIN 32 /* bytes: a guessed one opens every key */
#define HINTED_MIN 16     /* characters of a secret of which four may be shown */
#define ROW_BYTES_MAX 65536

static enum status derive(const char *name, const char *secret, struct seal_key *ret, bool *has,
			  struct error *reterr)
{
	size_t len = strlen(secret);

	*has = len > 0;
	if (len == 0)
		return OK;
	if (len < MASTER_KEY_MIN)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "provider_keys.%s: has %zu bytes, at least %d are needed", name,
				 len, MASTER_KEY_MIN);
	seal_key_derive(secret, len, PURPOSE, ret);
	return OK;
}

enum status vault_init(struct vault *vault, const struct chat_conf *conf, struct db *db,
		       struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	const uint8_t *salt;
	size_t len;
	enum status s;

	*vault = (struct vault){0};
	s = derive("master_key", conf->master_key, &vault->master, &vault->has_master, reterr);
	if (s == OK)
		s = derive("master_key_previous", conf->master_key_previous, &vault->previous,
			   &vault->has_previous, reterr);
	if (s == OK)
		s = db_query_one(db, &sql_provider_key_salt, NULL, &rows, reterr);
	if (s != OK)
		return s;
	salt = db_bytes(arena, rows, 0, "salt", &len);
	if (len != VAULT_SALT_SIZE)
		return error_set(reterr, DATA_LOSS, "internal_error",
				 "provider_key_salt has %zu bytes", len);
	memcpy(vault->salt, salt, VAULT_SALT_SIZE);
	return OK;
}

void vault_id(const struct vault *vault, const char *provider, const char *secret,
	      char out[UUID_SIZE])
{
	_cleanup_(buf_done) struct buf text;
	uint8_t mac[EVP_MAX_MD_SIZE];
	struct uuid id;
	unsigned len;

	buf_init(&text, ROW_BYTES_MAX * 4);
	buf_addf(&text, "%s\n%s", provider, secret);
	ensure(HMAC(EVP_sha256(), vault->salt, VAULT_SALT_SIZE, (const uint8_t *)text.data,
		    text.len, mac, &len));
	explicit_bzero(text.data, text.len);
	memcpy(id.bytes, mac, sizeof id.bytes);
	id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0f)); /* version 8: of our own making */
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	uuid_format(&id, out);
}

void vault_hint(const char *secret, char out[HINT_SIZE])
{
	size_t len = strlen(secret);

	snprintf(out, HINT_SIZE, "%s", len < HINTED_MIN ? "" : secret + len - (HINT_SIZE - 1));
}

static const char *context_of(struct arena *arena, const char *provider, const char *id)
{
	return arena_printf(arena, "provider_key %s %s", provider, id);
}

const char *vault_seal(const struct vault *vault, struct arena *arena, const char *provider,
		       const char *id, const char *secret)
{
	size_t len;
	const uint8_t *sealed = seal(&vault->master, context_of(arena, provider, id), secret,
				     strlen(secret), arena, &len);

	return sealed ? db_param_bytes(arena, sealed, len) : "";
}

enum status vault_open(const struct vault *vault, struct arena *arena, const PGresult *rows,
		       int row, char **ret, struct error *reterr)
{
	const char *id = db_peek(rows, row, "id"), *by = db_peek(rows, row, "seal_key_id");
	const char *provider = db_peek(rows, row, "provider");
	const struct seal_key *key = NULL;
	size_t sealed_len, len;
	const uint8_t *sealed = db_bytes(arena, rows, row, "sealed", &sealed_len);

	if (vault->has_master && strcmp(by, vault->master.id) == 0)
		key = &vault->master;
	else if (vault->has_previous && strcmp(by, vault->previous.id) == 0)
		key = &vault->previous;
	if (!key)
		return error_set(reterr, FAILED_PRECONDITION, "master_key_missing",
				 "another master key sealed it: set that one as "
				 "provider_keys.master_key_previous");
	*ret = (char *)unseal(key, context_of(arena, provider, id), sealed, sealed_len, arena,
			      &len);
	if (!*ret)
		return error_set(reterr, DATA_LOSS, "internal_error",
				 "it does not open: its row was changed");
	return OK;
}

static enum status reseal(const struct vault *vault, struct db *db, const PGresult *rows, int row,
			  struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ROW_BYTES_MAX);
	const char *id = db_peek(rows, row, "id"), *by = db_peek(rows, row, "seal_key_id");
	char *secret;
	enum status s = vault_open(vault, arena, rows, row, &secret, reterr);

	if (s != OK)
		return s;
	const char *const params[] = {
		id, vault_seal(vault, arena, db_peek(rows, row, "provider"), id, secret),
		vault->master.id, by};

	explicit_bzero(secret, strlen(secret));
	s = db_exec(db, &sql_provider_key_reseal, params, NULL, reterr);
	if (s == OK)
		log_info("provider_key_sealed_anew", LOG_S("key", id));
	return s;
}

enum status vault_reseal(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct vault *vault = ctx;
	enum status s;

	s = db_exec(db, &sql_provider_key_forget, NULL, NULL, reterr);
	if (s != OK || !vault->has_master || !vault->has_previous)
		return s;
	s = db_query(db, &sql_provider_key_open, NULL, &rows, reterr);
	for (int row = 0; s == OK && row < PQntuples(rows); row++) {
		if (strcmp(db_peek(rows, row, "seal_key_id"), vault->previous.id) == 0)
			s = reseal(vault, db, rows, row, reterr);
	}
	return s;
}
