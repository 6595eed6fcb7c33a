#include "auth/auth.h"
#include "auth/keyring.h"

enum status auth_v1_get_jwks(struct rpc_call *call, const Google__Protobuf__Empty *req,
			     Auth__V1__Jwks *resp)
{
	size_t n;
	const struct keyring_key *keys = keyring_list(call->arena, &n);
	Auth__V1__Jwk *jwks = arena_array(call->arena, n, sizeof(*jwks));

	resp->keys = arena_array(call->arena, n, sizeof(*resp->keys));
	if (!keys || !jwks || !resp->keys)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room for the keys");
	for (size_t i = 0; i < n; i++) {
		auth__v1__jwk__init(&jwks[i]);
		jwks[i].kty = (char *)"EC";
		jwks[i].crv = (char *)"P-256";
		jwks[i].x = (char *)keys[i].x;
		jwks[i].y = (char *)keys[i].y;
		jwks[i].kid = (char *)keys[i].kid;
		jwks[i].use = (char *)"sig";
		jwks[i].alg = (char *)"ES256";
		resp->keys[i] = &jwks[i];
	}
	resp->n_keys = n;
	return OK;
}
