/* Requests of adapters, each as a whole. A ' stands for a ". */
#ifndef CHAT_PROVIDER_REQUEST_ROWS_TEST_H
#define CHAT_PROVIDER_REQUEST_ROWS_TEST_H

#include "chat/provider/provider.h"

#define SCHEMA "{'type':'object','properties':{'at':{'type':'string'}}}"

#define TEXT(text_)                                  \
	{                                            \
		.kind = PROMPT_TEXT, .text = (text_) \
	}
#define IMAGE(url, detail)                                                         \
	{                                                                          \
		.kind = PROMPT_IMAGE, .image_url = (url), .image_detail = (detail) \
	}
#define CALL(id, name, args)                                                    \
	{                                                                       \
		.kind = PROMPT_TOOL_CALL, .tool_id = (id), .tool_name = (name), \
		.arguments = (args)                                             \
	}
#define RESULT(id, text_)                                                    \
	{                                                                    \
		.kind = PROMPT_TOOL_RESULT, .tool_id = (id), .text = (text_) \
	}
#define BLOCK(api_, data_, text_)                                                         \
	{                                                                                 \
		.kind = PROMPT_REASONING, .api = (api_), .data = (data_), .text = (text_) \
	}
#define PARTS(role_, ...)                                                            \
	{                                                                            \
		.role = (role_), .parts = (const struct prompt_part[]){__VA_ARGS__}, \
		.n_parts = sizeof((const struct prompt_part[]){__VA_ARGS__}) /       \
			   sizeof(struct prompt_part)                                \
	}
#define MESSAGES(...)                                                        \
	.messages = (const struct prompt_message[]){__VA_ARGS__},            \
	.n_messages = sizeof((const struct prompt_message[]){__VA_ARGS__}) / \
		      sizeof(struct prompt_message)
#define HI                                   \
	{                                    \
		.role = "user", .text = "Hi" \
	}

struct request_row {
	const struct provider_api *api;
	const char *name, *model;
	struct prompt prompt;
	uint8_t without;
	const char *url, *body;
};

/* Of OpenAI and Anthropic. */
extern const struct request_row request_rows[];
extern const size_t request_rows_n;

#endif
