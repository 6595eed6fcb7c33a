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

enum status identity_load(const struct service_conf *conf, const char *name, struct arena *arena,
			  struct identity *ret, struct error *reterr)
{
	enum status s = OK;

	if (conf->service_key[0]) {
		const char *kid = conf->service_key_id[0] ? conf->service_key_id : name;

		s = token_signer_new(conf->service_key, kid, name, &ret->signer, reterr);
		if (s != OK) {
			error_prefix(reterr, "service_key");
			return s;
		}
	}
	if (!conf->service_public_keys[0].key)
		return OK;
	ret->verifier = token_verifier_new();
	s = load_verifier(conf->service_public_keys, arena, ret->verifier, reterr);
	if (s != OK)
		error_prefix(reterr, "service_public_keys");
	return s;
}

void identity_done(struct identity *identity)
{
	token_signer_free(identity->signer);
	token_verifier_free(identity->verifier);
}
