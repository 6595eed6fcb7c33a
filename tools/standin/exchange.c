/* Steps that the wire formats have in common. */
#include "exchange.h"

#include "runtime/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX (64 << 20)

bool exchange_usage(const struct exchange *x, struct counts *ret)
{
	const struct fault *fault = &x->question.fault;

	*ret = (struct counts){
		.in = x->question.prompt_tokens,
		.cached = x->question.cached,
		.written = x->question.written,
		.out = (int64_t)(x->next + x->next_piece),
		.thoughts = x->question.think ? count_tokens(x->question.think) : 0,
	};
	if (fault->kind == FAULT_USAGE)
		ret->in = ret->out = fault->value;
	return fault->kind != FAULT_USAGE || fault->has_value;
}

static const char *joined(struct arena *arena, const char *const *pieces, size_t n)
{
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, TEXT_BYTES_MAX);
	for (size_t i = 0; i < n; i++)
		buf_adds(&text, pieces[i]);
	return arena_strdup(arena, buf_text(&text));
}

const char *exchange_text(const struct exchange *x)
{
	return joined(x->arena, x->tokens, x->next);
}

const char *exchange_arguments(const struct exchange *x)
{
	return joined(x->arena, x->pieces, x->n_pieces);
}

void exchange_event(struct buf *out, const char *name, json_t *data, const char *newline)
{
	char *text = json_dumps(data, JSON_COMPACT);

	/* Leaves out words that JSON cannot hold. */
	if (text && name)
		buf_addf(out, "event: %s%s", name, newline);
	if (text) {
		buf_adds(out, "data: ");
		buf_adds(out, text);
		buf_addf(out, "%s%s", newline, newline);
	}
	free(text);
	json_decref(data);
}

void signature_make(const char *thought, char out[SIGNATURE_SIZE])
{
	snprintf(out, SIGNATURE_SIZE, SIGNATURE "%016" PRIx64,
		 hash_fnv1a_64(1, thought, strlen(thought)));
}

bool signature_fits(const char *thought, const char *signature)
{
	char made[SIGNATURE_SIZE];

	signature_make(thought, made);
	return strcmp(made, signature) == 0;
}
