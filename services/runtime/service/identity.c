#include "runtime/log/log.h"
#include "runtime/service/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PEM_BYTES_MAX 4096

static enum status read_pem(const char *path, struct arena *arena, char **ret, struct error *reterr)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "%s: %s", path,
				 strerror(errno));
	*ret = arena_zalloc(arena, PEM_BYTES_MAX);
	n = *ret ? fread(*ret, 1, PEM_BYTES_MAX - 1, file) : 0;
	fclose(file);
	if (n == 0 || n == PEM_BYTES_MAX - 1)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s: is not a PEM file of at most %d bytes", path,
				 PEM_BYTES_MAX - 2);
	return OK;
}

static enum status load_verifier(const struct conf_pair *pairs, struct arena *arena,
				 struct token_verifier *verifier, struct error *reterr)
{
	struct token_key *keys;
	size_t n = 0;

	while (pairs[n].key)
		n++;
	keys = arena_array(arena, n, sizeof *keys);
	for (size_t i = 0; i < n; i++) {
		const char *path = pairs[i].value;
		char *pem = NULL;
		enum status s;

		s = read_pem(strncmp(path, "file:", 5) == 0 ? path + 5 : path, arena, &pem, reterr);
		if (s != OK)
			return s;
		keys[i] = (struct token_key){
			.kid = pairs[i].key,
			.public_pem = pem,
			.issuer = arena_strndup(arena, pairs[i].key, strcspn(pairs[i].key, ".")),
		};
	}
	return token_verifier_set(verifier, keys, n, reterr);
}

static bool ipc_alone(const struct service_conf *conf)
{
	for (size_t i = 0; conf->listen[i]; i++)
		if (strncmp(conf->listen[i], "ipc://", strlen("ipc://")) != 0)
			return false;
	return true;
}

/* Without public keys every caller is believed: that it is any service, and that its user is an
 * admin. */
static enum status check_openness(const struct service_conf *conf, struct error *reterr)
{
	if (ipc_alone(conf))
		return OK; /* only this user's processes reach it */
	if (!conf->insecure)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "service_public_keys: is empty, so everybody who reaches %s would "
				 "be believed: name the callers' keys, listen on ipc:// alone, or "
				 "say `insecure: true`",
				 conf->listen[0]);
	log_warn("insecure", LOG_S("listen", conf->listen[0]),
		 LOG_S("message", "no service_public_keys: every caller is believed"));
	return OK;
}

static bool is_of(const char *key_id, const char *name)
{
	size_t len = strlen(name);

	return strncmp(key_id, name, len) == 0 && (key_id[len] == '\0' || key_id[len] == '.');
}

static enum status load_signer(const struct service_conf *conf, const char *name,
			       struct token_signer **ret, struct error *reterr)
{
	const char *kid = conf->service_key_id[0] ? conf->service_key_id : name;
	enum status s;

	if (!is_of(kid, name))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "service_key_id: '%s' names no key of %s: say %s or %s.SUFFIX",
				 kid, name, name, name);
	s = token_signer_new(conf->service_key, kid, name, ret, reterr);
	if (s != OK)
		error_prefix(reterr, "service_key");
	return s;
}

static enum status set_verifier(const struct service_conf *conf, struct arena *arena,
				struct token_verifier *verifier, struct error *reterr)
{
	enum status s = load_verifier(conf->service_public_keys, arena, verifier, reterr);

	if (s != OK)
		error_prefix(reterr, "service_public_keys");
	return s;
}

enum status identity_load(const struct service_conf *conf, const char *name, struct arena *arena,
			  struct identity *ret, struct error *reterr)
{
	enum status s = OK;

	if (conf->service_key[0])
		s = load_signer(conf, name, &ret->signer, reterr);
	if (s != OK)
		return s;
	if (!conf->service_public_keys[0].key)
		return check_openness(conf, reterr);
	ret->verifier = token_verifier_new();
	return set_verifier(conf, arena, ret->verifier, reterr);
}

enum status identity_reload(const struct service_conf *conf, const char *name, struct arena *arena,
			    struct identity *identity, struct error *reterr)
{
	struct token_signer *fresh = NULL;
	enum status s = OK;

	if (!identity->signer != !conf->service_key[0] ||
	    !identity->verifier != !conf->service_public_keys[0].key)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "service_key and service_public_keys appear and vanish at a "
				 "restart only");
	if (identity->signer)
		s = load_signer(conf, name, &fresh, reterr);
	if (s == OK && identity->verifier)
		s = set_verifier(conf, arena, identity->verifier, reterr);
	if (s == OK && fresh)
		token_signer_replace(identity->signer, fresh);
	else
		token_signer_free(fresh);
	return s;
}

void identity_done(struct identity *identity)
{
	token_signer_free(identity->signer);
	token_verifier_free(identity->verifier);
}
