/* The question to a model, in no API's words. Adapters write it in the provider's, dialects read it
 * from the caller's. */
#ifndef CHAT_PROVIDER_PROMPT_H
#define CHAT_PROVIDER_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One part of a message. All texts are UTF-8 without NUL and live as long as the prompt. */
struct prompt_part {
	enum {
		PROMPT_TEXT,        /* text */
		PROMPT_IMAGE,       /* image_* */
		PROMPT_TOOL_CALL,   /* tool_id, tool_name, arguments: the model called it */
		PROMPT_TOOL_RESULT, /* tool_id, text, is_error: what the call gave */
		PROMPT_REASONING, /* text, api, data: goes back to the API that made it, verbatim */
	} kind;
	const char *text;

	const char *image_url;    /* https: or data: */
	const char *image_detail; /* "low", "high", "auto", or NULL */

	const char *tool_id, *tool_name;
	const char *arguments; /* JSON as the model wrote it */
	bool is_error;

	const char *api;  /* name of the API whose data it is */
	const char *data; /* JSON: its opaque block */

	const char *cache; /* Anthropic's cache_control as JSON, or NULL; others leave it out */
};

struct prompt_message {
	const char *role; /* "system", "user", "assistant"; tool results are parts of "user" */
	const char *name; /* of the speaker, where the API has one; NULL: none */
	const char *text; /* the whole message, when it has no parts */
	const struct prompt_part *parts;
	size_t n_parts;
	const char
		*items; /* of a stored answer, one on each line; turns_make makes parts of them */
};

struct prompt_tool {
	const char *name, *description; /* description: NULL when there is none */
	const char *schema;             /* JSON Schema of its arguments; NULL: it takes none */
	bool strict;
	const char *cache; /* as prompt_part's */
};

/* Inputs whose embeddings are asked for. */
struct prompt_embedding {
	const char *input;        /* JSON as the caller wrote it; NULL: words are asked for */
	size_t n;                 /* inputs */
	const char *const *texts; /* n; NULL: they are tokens */
	int64_t tokens;           /* … so many; 0: they are texts */
	int64_t longest;          /* tokens of the longest input, by our count */
	int32_t dimensions;       /* of a vector; 0: the model's own */
	int32_t dimensions_max;   /* … which is no more than this */
	size_t first; /* of the inputs of one request to a provider; those before it are done */
	size_t some;  /* … so many */
};

struct prompt {
	struct prompt_embedding embedding; /* instead of messages */
	const struct prompt_message *messages;
	size_t n_messages;
	int32_t max_output_tokens;
	bool has_temperature, has_top_p;
	double temperature, top_p;

	const struct prompt_tool *tools;
	size_t n_tools;
	enum { TOOLS_AUTO, TOOLS_NONE, TOOLS_REQUIRED, TOOLS_ONE } tool_choice;
	const char *tool_choice_name; /* of TOOLS_ONE */
	bool one_tool_at_a_time;

	enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_SCHEMA } format;
	const char *schema_name, *schema; /* of FORMAT_SCHEMA */
	bool schema_strict;

	const char *const *stop; /* texts that end the answer */
	size_t n_stop;
	const char
		*effort; /* of reasoning: "minimal", "low", "medium", "high"; NULL: the model's */
	/* Anthropic's budget of thoughts, in tokens, instead of a share by effort. THOUGHTS_EXTRA:
	 * prompt.extra says how its models think. Others go by effort. 0: not said. */
	int32_t thought_tokens;
#define THOUGHTS_EXTRA (-1)
	bool wants_logprobs;
	int32_t top_logprobs;
	const char *cache_key; /* groups requests that share a beginning; NULL: none */
	/* Parameters that this program does not know: a JSON object, and the API whose they are. Other
	 * APIs leave them out. NULL: none. */
	const char *extra, *extra_api;
};

#endif
