#include "auth/auth.h"
#include "edge/v1/rpc.h"
#include "runtime/service/list.h"

enum status edge_v1_list_keys(struct rpc_call *call, const Google__Protobuf__Empty *req,
			      Edge__V1__ListKeysResponse *resp)
{
	size_t n;
	const struct keyring_key *keys = keyring_list(&auth_of(call)->keyring, call->arena, &n);
	enum status s;

	if (!keys)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room for the keys");
	s = list_new(call, &edge__v1__verification_key__descriptor, n, &resp->n_keys, &resp->keys);
	for (size_t i = 0; s == OK && i < n; i++) {
		resp->keys[i]->kid = (char *)keys[i].kid;
		resp->keys[i]->algorithm = (char *)"ES256";
		resp->keys[i]->public_key_pem = (char *)keys[i].public_pem;
	}
	return s;
}
