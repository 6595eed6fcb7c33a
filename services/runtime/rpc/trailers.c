/* How a call ended, as trailers: grpc-status, grpc-message and a google.rpc.Status with one
 * ErrorInfo (AIP-193). */
#include "runtime/rpc/server.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include <stdio.h>
#include <string.h>

#define TRAILERS_MAX_BYTES HEADERS_MAX_BYTES
#define ERROR_DOMAIN "limitless"
#define ERROR_INFO_URL "type.googleapis.com/google.rpc.ErrorInfo"

/* Texts that may tell what is inside stay in the log; the request id leads to them. */
static const char *public_message(struct server_call *call, const struct error *err, char out[256])
{
	if (call->server->options.keep_texts)
		return err->message;
	if (call->status == INTERNAL || call->status == UNKNOWN || call->status == DATA_LOSS)
		snprintf(out, 256, "something broke inside; request %s", call->pub.ctx.request_id);
	else if (call->status == UNAVAILABLE)
		snprintf(out, 256, "not available at the moment; request %s",
			 call->pub.ctx.request_id);
	else
		return err->message;
	return out;
}

static uint8_t *pack(struct arena *arena, const ProtobufCMessage *message, size_t *ret_len)
{
	uint8_t *data;

	*ret_len = protobuf_c_message_get_packed_size(message);
	data = arena_alloc(arena, *ret_len);
	if (data)
		protobuf_c_message_pack(message, data);
	return data;
}

struct info {
	Google__Rpc__ErrorInfo info;
	Google__Rpc__ErrorInfo__MetadataEntry entries[DETAILS_MAX + 1], *pointers[DETAILS_MAX + 1];
	char reason[sizeof(((struct error *)0)->reason)];
};

static void info_add(struct info *info, const char *key, const char *value)
{
	size_t n = info->info.n_metadata++;

	info->entries[n] = (Google__Rpc__ErrorInfo__MetadataEntry)
		GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
	info->entries[n].key = (char *)key;
	info->entries[n].value = (char *)value;
	info->pointers[n] = &info->entries[n];
}

static void info_fill(struct info *info, struct server_call *call, const struct error *err)
{
	info->info = (Google__Rpc__ErrorInfo)GOOGLE__RPC__ERROR_INFO__INIT;
	wire_reason_up(err->reason, info->reason, sizeof(info->reason));
	info->info.reason = info->reason;
	info->info.domain = (char *)ERROR_DOMAIN;
	info->info.metadata = info->pointers;
	if (err->field[0])
		info_add(info, "field", err->field);
	/* Not beside words of the server: then the handler may be adding to them. */
	for (int i = 0; err == &call->pub.err && i < call->n_details; i++)
		info_add(info, call->details[i].key, call->details[i].value);
}

static void add_details(struct server_call *call, const struct error *err, const char *message)
{
	struct arena *arena = rpc_arena_take(64 * 1024);
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT, *details[] = {&any};
	struct info info;
	uint8_t *data;
	size_t len;

	info_fill(&info, call, err);
	any.type_url = (char *)ERROR_INFO_URL;
	any.value.data = pack(arena, &info.info.base, &any.value.len);
	status.code = call->status;
	status.message = (char *)message;
	status.n_details = 1;
	status.details = details;
	data = pack(arena, &status.base, &len);
	if (data)
		meta_add_binary(&call->trailers, "grpc-status-details-bin", data, len);
	rpc_arena_give(arena);
}

void trailers_make(struct server_call *call, struct error *err)
{
	char code[4], text[256], encoded[3 * sizeof(text) + 1];
	const char *message;

	if (call->status == OK) {
		for (int i = 0; i < call->n_details; i++)
			meta_add_user(&call->trailers, call->details[i].key, call->details[i].value,
				      strlen(call->details[i].value), TRAILERS_MAX_BYTES);
		return; /* grpc-status 0 is added when they are sent */
	}
	if (err->code != call->status)
		*err = (struct error){.code = call->status};
	if (err->reason[0] == '\0')
		snprintf(err->reason, sizeof(err->reason), "%s", wire_default_reason(call->status));
	snprintf(code, sizeof(code), "%d", (int)call->status);
	meta_add(&call->trailers, "grpc-status", 11, code, strlen(code));
	message = public_message(call, err, text);
	wire_encode_message(message, encoded);
	meta_add(&call->trailers, "grpc-message", 12, encoded, strlen(encoded));
	if (!call->server->options.keep_texts)
		add_details(call, err, message);
}
