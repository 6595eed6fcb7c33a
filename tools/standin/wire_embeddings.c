/* OpenAI's embeddings. A vector depends on its text alone, and its length is 1. */
#include "exchange.h"

#include "runtime/base/hash.h"
#include "runtime/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define INPUTS_MAX 2048
#define DIMENSIONS 64
#define DIMENSIONS_MAX 3072
#define NUMBERS "[[numbers]]" /* as servers answer that do not know base64 */

/* ---------------------------------------------------------------- the question */

/* Tokens as numbers, as the API takes them too. */
static bool is_tokens(const json_t *list)
{
	return json_is_integer(json_array_get(list, 0));
}

/* Texts are read as they are, tokens as their JSON. NULL: neither. */
static const char *input_text(const json_t *input, struct arena *arena)
{
	char *dump;
	const char *text;

	if (json_is_string(input))
		return json_string_length(input) > 0 ? json_string_value(input) : NULL;
	if (!is_tokens(input))
		return NULL;
	dump = json_dumps(input, JSON_COMPACT);
	text = arena_strdup(arena, dump);
	free(dump);
	return text;
}

static bool is_list(const json_t *input)
{
	return json_is_array(input) && !is_tokens(input);
}

static size_t count_inputs(const json_t *input)
{
	return is_list(input) ? json_array_size(input) : 1;
}

static const json_t *input_at(const json_t *input, size_t i)
{
	return is_list(input) ? json_array_get(input, i) : input;
}

static int64_t dimensions_of(const json_t *body)
{
	const json_t *wanted = json_object_get(body, "dimensions");

	return wanted ? json_integer_value(wanted) : DIMENSIONS;
}

static bool is_base64(const json_t *body)
{
	const char *format = json_string_value(json_object_get(body, "encoding_format"));

	return format && strcmp(format, "base64") == 0;
}

static bool check(const json_t *body, struct refusal *refusal)
{
	const char *format = json_string_value(json_object_get(body, "encoding_format"));

	if (!json_object_get(body, "input"))
		return refuse(refusal, "input", "missing_required_parameter",
			      "Missing required parameter: 'input'.");
	if (format && strcmp(format, "float") != 0 && strcmp(format, "base64") != 0)
		return refuse(refusal, "encoding_format", "invalid_value",
			      "Invalid value: '%.40s'. Supported values are: 'float' and 'base64'.",
			      format);
	if (dimensions_of(body) < 1 || dimensions_of(body) > DIMENSIONS_MAX)
		return refuse(refusal, "dimensions", "integer_out_of_range",
			      "Invalid 'dimensions': expected a value between 1 and %d.",
			      DIMENSIONS_MAX);
	return true;
}

static json_t *read_body(_unused_ const struct httpd_request *req, json_t *body,
			 struct arena *arena, struct refusal *refusal)
{
	const json_t *input = json_object_get(body, "input");
	json_t *messages = json_array(), *out = json_pack("{s:o}", "messages", messages);
	size_t n = count_inputs(input);
	bool ok = check(body, refusal);

	if (ok && (n == 0 || n > INPUTS_MAX))
		ok = refuse(refusal, "input", "invalid_value",
			    "Invalid 'input': expected 1 to %d items.", INPUTS_MAX);
	if (json_object_get(body, "model"))
		json_object_set(out, "model", json_object_get(body, "model"));
	for (size_t i = 0; ok && i < n; i++) {
		const char *text = input_text(input_at(input, i), arena);

		if (text)
			json_array_append_new(
				messages, json_pack("{s:s, s:s}", "role", "user", "content", text));
		else
			ok = refuse(refusal, "input", "invalid_value",
				    "Invalid 'input[%zu]': expected a text or tokens.", i);
	}
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

/* ---------------------------------------------------------------- the answer */

static void make_vector(const char *text, float *out, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++) {
		uint64_t hash = hash_fnv1a_64((uint64_t)i + 1, text, strlen(text));

		out[i] = (float)((double)(hash >> 40) / (1 << 23) - 1);
		sum += (double)out[i] * out[i];
	}
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)(out[i] / sqrt(sum));
}

static json_t *vector_json(const float *vector, int64_t n)
{
	json_t *list = json_array();

	for (int64_t i = 0; i < n; i++)
		json_array_append_new(list, json_real(vector[i]));
	return list;
}

static json_t *embedding_json(struct exchange *x, const json_t *body, size_t i)
{
	int64_t n = dimensions_of(body);
	float *vector = arena_array(x->arena, (size_t)n, sizeof *vector);
	const char *text;
	json_t *value;

	if (!vector) /* a request of more than it keeps */
		return json_null();
	text = input_text(input_at(json_object_get(body, "input"), i), x->arena);
	make_vector(text, vector, n);
	value = is_base64(body) && !strstr(text, NUMBERS)
			? json_string(base64_encode(x->arena, vector, (size_t)n * sizeof *vector))
			: vector_json(vector, n);
	return json_pack("{s:s, s:I, s:o}", "object", "embedding", "index", (json_int_t)i,
			 "embedding", value);
}

static json_t *whole(struct exchange *x, _unused_ const char *text)
{
	_cleanup_(json_decrefp) json_t *body =
		json_loadb((const char *)x->req->body, x->req->body_len, 0, NULL);
	json_t *list = json_array(), *usage = NULL;
	struct counts counts;

	for (size_t i = 0; i < count_inputs(json_object_get(body, "input")); i++)
		json_array_append_new(list, embedding_json(x, body, i));
	if (exchange_usage(x, &counts))
		usage = json_pack("{s:I, s:I}", "prompt_tokens", (json_int_t)counts.in,
				  "total_tokens", (json_int_t)counts.in);
	return json_pack("{s:s, s:o, s:s, s:o*}", "object", "list", "data", list, "model",
			 x->question.model, "usage", usage);
}

static json_t *error(struct refusal *refusal, int64_t retry_after)
{
	return wire_openai.error(refusal, retry_after);
}

const struct wire wire_embeddings = {
	.name = "embeddings",
	.read = read_body,
	.whole = whole,
	.error = error,
	.wordless = true,
	.key_header = "authorization",
	.key_prefix = "Bearer ",
};
