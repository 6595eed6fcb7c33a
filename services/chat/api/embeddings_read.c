/* OpenAI's embeddings: requests (platform.openai.com/docs/api-reference/embeddings/create). */
#include "chat/api/embeddings.h"

#include "chat/api/parameters.h"
#include "chat/provider/embeddings.h"

#include <inttypes.h>
#include <string.h>

#define API "openai" /* whose parameters these are */

/* ---------------------------------------------------------------- inputs */

static void read_token(struct reading *reading, const struct node *token)
{
	if (!json_is_integer(token->json) || json_integer_value(token->json) < 0 ||
	    json_integer_value(token->json) > INT32_MAX)
		reading_fail(reading, token, "field_invalid",
			     "must be a token: a whole number from 0 to %d", INT32_MAX);
}

/* One input as tokens. */
static void read_tokens(struct reading *reading, const struct node *list,
			struct prompt_embedding *embedding)
{
	size_t n = node_size(reading, list);

	if (n == 0)
		reading_fail(reading, list, "field_invalid", "must have tokens");
	for (size_t i = 0; i < n && reading->status == OK; i++) {
		struct node token = node_element(list, i);

		read_token(reading, &token);
	}
	embedding->tokens += (int64_t)n;
	if ((int64_t)n > embedding->longest)
		embedding->longest = (int64_t)n;
}

static const char *read_text(struct reading *reading, const struct node *node)
{
	const char *text = node_text(reading, node);

	if (!text || !*text) /* after a fault this changes nothing */
		reading_fail(reading, node, "field_invalid", "must be a text that is not empty");
	return text ? text : "";
}

/* Texts, or lists of tokens. */
static void read_list(struct reading *reading, const struct node *list,
		      struct prompt_embedding *embedding)
{
	struct node first = node_element(list, 0);
	size_t n = node_size(reading, list);
	const char **texts;

	if (n == 0 || n > (size_t)reading->limits->inputs) {
		reading_fail(reading, list, "field_invalid",
			     "has %zu inputs, and may have 1 to %" PRId64 " at once", n,
			     reading->limits->inputs);
		return;
	}
	embedding->n = n;
	if (json_is_array(first.json)) {
		for (size_t i = 0; i < n && reading->status == OK; i++) {
			struct node tokens = node_element(list, i);

			if (!tokens.json)
				reading_fail(reading, &tokens, "field_invalid", "must be tokens");
			read_tokens(reading, &tokens, embedding);
		}
		return;
	}
	texts = arena_array(reading->arena, n, sizeof *texts);
	for (size_t i = 0; texts && i < n && reading->status == OK; i++) {
		struct node text = node_element(list, i);

		texts[i] = read_text(reading, &text);
	}
	embedding->texts = texts;
}

/* A text, tokens, or a list of either. */
static void read_input(struct reading *reading, const struct node *root,
		       struct prompt_embedding *embedding)
{
	struct node input = node_need(reading, root, "input");
	const char **only;

	if (node_is_text(&input)) {
		only = arena_array(reading->arena, 1, sizeof *only);
		if (only)
			only[0] = read_text(reading, &input);
		embedding->texts = only;
		embedding->n = 1;
	} else if (json_is_array(input.json) && json_is_integer(json_array_get(input.json, 0))) {
		read_tokens(reading, &input, embedding);
		embedding->n = 1;
	} else if (json_is_array(input.json)) {
		read_list(reading, &input, embedding);
	} else if (input.json) {
		reading_fail(reading, &input, "field_invalid",
			     "must be a text, tokens, or a list of either");
	}
	embedding->input = node_json(reading, &input);
}

/* ---------------------------------------------------------------- the request */

/* user and those that nobody knows yet go on as they are. */
static const char *const known[] = {"model",      "input",  "encoding_format",
				    "dimensions", "stream", NULL};

static const struct refused_parameter refused[] = {
	{"stream", true, "vectors come in one piece"},
	{"models", false, "name one model in model"},
	{"route", false, "name one model in model"},
	{"provider", false, "which server answers is chosen here"},
	{NULL, false, NULL},
};

enum status embeddings_read(const struct api_body *body, struct arena *arena,
			    struct api_request *ret, struct error *reterr)
{
	static const char *const formats[] = {"float", "base64", NULL};
	struct api_request request = {0};
	struct prompt_embedding *embedding = &request.prompt.embedding;
	struct node root, format, dimensions;
	struct reading reading;
	enum status s = reading_begin(&reading, body, arena, reterr, &root);

	if (s != OK)
		return s;
	format = node_member(&root, "encoding_format");
	dimensions = node_member(&root, "dimensions");
	refuse_parameters(&reading, &root, refused);
	read_service_tier(&reading, &root);
	request.model = read_model(&reading, &root);
	read_input(&reading, &root, embedding);
	request.floats = node_word(&reading, &format, formats) != formats[1];
	embedding->dimensions = (int32_t)node_int(&reading, &dimensions, 1, INT32_MAX);
	read_extra(&reading, &root, known, API, NULL, &request.prompt);
	s = reading_end(&reading);
	if (s == OK)
		*ret = request;
	return s;
}
