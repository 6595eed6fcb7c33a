#include "chat/provider/embeddings.h"

#include "chat/provider/request.h"
#include "runtime/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_BYTES_MAX (1u << 20) /* of 65,536 numbers, as base64 */
#define ITEM_BEGIN "{\"type\":\"embeddings\",\"data\":["
#define ITEM_END "]}"
#define NUMBER_BYTES 20 /* of a number with its comma, at most; base64 has 6 */
#define HEAD_BYTES 256  /* of a vector, and of all, beside the numbers */

static size_t base64_bytes(size_t dimensions)
{
	return (dimensions * sizeof(float) + 2) / 3 * 4;
}

int64_t embeddings_bytes(int64_t n, int32_t dimensions)
{
	/* As if each were an item of its own. */
	return n * (int64_t)(base64_bytes((size_t)dimensions) +
			     strlen(ITEM_BEGIN "\"\"," ITEM_END "\n"));
}

size_t embeddings_some(int64_t answer_bytes, int32_t dimensions)
{
	int64_t n = (answer_bytes - HEAD_BYTES) / ((int64_t)dimensions * NUMBER_BYTES + HEAD_BYTES);

	return n > 0 ? (size_t)n : 1;
}

/* The inputs of this request, as the caller wrote them. */
static json_t *inputs(const struct prompt_embedding *embedding)
{
	struct peek list = {embedding->input, embedding->input + strlen(embedding->input)};
	struct peek input = {0};
	json_t *ret;

	if (embedding->some == embedding->n)
		return request_json(embedding->input);
	ret = json_array();
	for (size_t i = 0; i < embedding->first + embedding->some && peek_next(&list, &input); i++)
		if (i >= embedding->first)
			json_array_append_new(ret,
					      json_loadb(input.at, (size_t)(input.end - input.at),
							 JSON_DECODE_ANY, NULL));
	return ret;
}

/* base64 is a quarter of the numbers' length. A server that does not know it sends numbers. */
json_t *embeddings_body(const char *model, const struct prompt_embedding *embedding)
{
	json_t *root = json_pack("{s:s, s:o*, s:s}", "model", model, "input", inputs(embedding),
				 "encoding_format", "base64");

	if (embedding->dimensions > 0)
		json_object_set_new(root, "dimensions", json_integer(embedding->dimensions));
	return root;
}

/* ---------------------------------------------------------------- vectors */

/* A vector while it is read. */
struct vector {
	struct buf floats; /* float32, lowest byte first */
	struct buf text;
};

static bool add_float(struct vector *vector, float value)
{
	uint32_t bits;
	uint8_t bytes[4];

	if (!isfinite(value))
		return false;
	memcpy(&bits, &value, sizeof bits);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(bits >> (8 * i));
	return buf_add(&vector->floats, bytes, sizeof bytes);
}

static bool read_numbers(struct peek list, struct vector *vector)
{
	struct peek number;

	while (peek_next(&list, &number)) {
		char *end;
		float value;

		if (*number.at != '-' && (*number.at < '0' || *number.at > '9'))
			return false;
		value = strtof(number.at, &end); /* a comma or a bracket stands behind it */
		if (end != number.end || !add_float(vector, value))
			return false;
	}
	return vector->floats.len > 0;
}

static bool read_base64(struct peek string, struct vector *vector)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, VECTOR_BYTES_MAX);
	struct mend mend = {0};
	const uint8_t *bytes;
	size_t len;

	mend_add(&mend, string, &vector->text); /* some servers write \/ */
	bytes = base64_decode(arena, buf_text(&vector->text), vector->text.len, &len);
	if (!bytes || len == 0 || len % sizeof(float) != 0)
		return false;
	for (size_t i = 0; i < len; i += sizeof(float)) {
		uint32_t bits = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
				(uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
		float value;

		memcpy(&value, &bits, sizeof value);
		if (!add_float(vector, value))
			return false;
	}
	return true;
}

/* False: it is no vector. */
static bool read_vector(struct peek value, struct vector *vector)
{
	buf_clear(&vector->floats);
	buf_clear(&vector->text);
	return peek_is_string(value) ? read_base64(value, vector) : read_numbers(value, vector);
}

static void end_item(struct provider_stream *stream, struct buf *item)
{
	if (item->len == 0)
		return;
	buf_adds(item, ITEM_END);
	stream->on_item(stream->ctx, buf_text(item), item->len);
	buf_clear(item);
}

/* A full item goes out before. */
static void add_vector(struct provider_stream *stream, const struct vector *vector,
		       struct buf *item)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, VECTOR_BYTES_MAX);
	const char *text = base64_encode(arena, vector->floats.data, vector->floats.len);
	size_t len = text ? strlen(text) : 0;

	if (item->len + len + strlen(",\"\"" ITEM_END) > EMBEDDINGS_BYTES_MAX)
		end_item(stream, item);
	buf_adds(item, item->len == 0 ? ITEM_BEGIN "\"" : ",\"");
	buf_add(item, text ? text : "", len);
	buf_addc(item, '"');
}

/* ---------------------------------------------------------------- the answer */

static enum provider_event broken(struct provider_fault *fault, const char *what)
{
	provider_fault_broken(fault, what);
	return PROVIDER_EVENT_ERROR;
}

static enum provider_event refused(struct provider_fault *fault, const char *reason,
				   const char *help)
{
	*fault = (struct provider_fault){.kind = FAULT_FINAL, .retry_after_ms = -1};
	fault->err.code = error_set(&fault->err, INVALID_ARGUMENT, reason, "%s", help);
	return PROVIDER_EVENT_ERROR;
}

/* Puts the vectors in the order of the inputs. False: there is not one for each. */
static bool sort(struct peek list, struct peek *out, size_t n)
{
	struct peek element;
	size_t seen = 0;

	while (peek_next(&list, &element)) {
		int64_t index;

		if (!peek_number(peek_member(element, "index"), &index))
			index = (int64_t)seen;
		if (index < 0 || (uint64_t)index >= n || out[index].at)
			return false;
		out[index] = peek_member(element, "embedding");
		if (!out[index].at)
			return false;
		seen++;
	}
	return seen == n;
}

/* Nothing is given before all of them were read well. */
static enum provider_event check(const struct prompt_embedding *embedding,
				 const struct peek *vectors, struct vector *vector,
				 struct provider_fault *fault)
{
	size_t bytes = (size_t)embedding->dimensions * sizeof(float);

	for (size_t i = 0; i < embedding->some; i++) {
		if (!read_vector(vectors[i], vector))
			return broken(fault, "a vector of it cannot be read");
		if (vector->floats.len > (size_t)embedding->dimensions_max * sizeof(float))
			return broken(fault, "its vectors are longer than models.yaml says");
		if (embedding->dimensions > 0 && vector->floats.len != bytes)
			return refused(fault, "parameter_refused",
				       "the model does not make vectors of so many dimensions: "
				       "leave `dimensions` out");
		if (i > 0 && vector->floats.len != bytes)
			return broken(fault, "its vectors differ in length");
		bytes = vector->floats.len;
	}
	return PROVIDER_EVENT_READ;
}

static void give(struct provider_stream *stream, const struct peek *vectors, struct vector *vector)
{
	struct buf item;

	buf_init(&item, EMBEDDINGS_BYTES_MAX);
	for (size_t i = 0; i < stream->embedding.some; i++) {
		if (read_vector(vectors[i], vector))
			add_vector(stream, vector, &item);
	}
	end_item(stream, &item);
	buf_done(&item);
}

/* Nothing but the inputs is paid for. */
static void take_usage(struct provider_stream *stream, struct peek root)
{
	struct peek usage = peek_member(root, "usage");
	int64_t n;

	if (!peek_number(peek_member(usage, "prompt_tokens"), &n) &&
	    !peek_number(peek_member(usage, "total_tokens"), &n))
		return;
	stream->has_usage = true;
	stream->usage = (struct usage){.input = n};
}

enum provider_event embeddings_take(struct provider_stream *stream, struct peek root,
				    struct provider_fault *fault)
{
	const struct prompt_embedding *embedding = &stream->embedding;
	struct peek list = peek_member(root, "data");
	struct peek *vectors;
	struct vector vector;
	enum provider_event event;

	if (!peek_is_array(list))
		return PROVIDER_EVENT_ODD;
	vectors = calloc(embedding->some, sizeof *vectors);
	if (!vectors || !sort(list, vectors, embedding->some)) {
		free(vectors);
		return broken(fault, "it has not one vector for each input");
	}
	buf_init(&vector.floats, VECTOR_BYTES_MAX);
	buf_init(&vector.text, VECTOR_BYTES_MAX);
	event = check(embedding, vectors, &vector, fault);
	if (event == PROVIDER_EVENT_READ) {
		take_usage(stream, root);
		stream->wrote_text = stream->whole = true;
		stream->stop = STOP_STOP;
		give(stream, vectors, &vector);
	}
	buf_done(&vector.floats);
	buf_done(&vector.text);
	free(vectors);
	return event;
}
