#include "auth/keyring.h"
#include "edge/v1/rpc.h"

enum status edge_v1_list_keys(struct rpc_call *call, const Google__Protobuf__Empty *req,
			      Edge__V1__ListKeysResponse *resp)
{
	size_t n;
	const struct keyring_key *keys = keyring_list(call->arena, &n);
	Edge__V1__VerificationKey *made = arena_array(call->arena, n, sizeof(*made));

	resp->keys = arena_array(call->arena, n, sizeof(*resp->keys));
	if (!keys || !made || !resp->keys)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room for the keys");
	for (size_t i = 0; i < n; i++) {
		edge__v1__verification_key__init(&made[i]);
		made[i].kid = (char *)keys[i].kid;
		made[i].algorithm = (char *)"ES256";
		made[i].public_key_pem = (char *)keys[i].public_pem;
		resp->keys[i] = &made[i];
	}
	resp->n_keys = n;
	return OK;
}
