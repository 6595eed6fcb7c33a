#include "auth/auth.h"
#include "runtime/service/list.h"

enum status auth_v1_get_jwks(struct rpc_call *call, const Google__Protobuf__Empty *req,
			     Auth__V1__Jwks *resp)
{
	size_t n;
	const struct keyring_key *keys = keyring_list(&auth_of(call)->keyring, call->arena, &n);
	enum status s;

	if (!keys)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room for the keys");
	s = list_new(call, &auth__v1__jwk__descriptor, n, &resp->n_keys, &resp->keys);
	for (size_t i = 0; s == OK && i < n; i++) {
		Auth__V1__Jwk *jwk = resp->keys[i];

		jwk->kty = (char *)"EC";
		jwk->crv = (char *)"P-256";
		jwk->x = (char *)keys[i].x;
		jwk->y = (char *)keys[i].y;
		jwk->kid = (char *)keys[i].kid;
		jwk->use = (char *)"sig";
		jwk->alg = (char *)"ES256";
	}
	return s;
}
