/* The worth of an answer, by its end and by the parts that it showed. */
#include "chat/provider/answer.h"

#include <string.h>

enum end {
	END_FAILED,   /* the provider said that there is no answer, or no more of it */
	END_CUT,      /* the connection broke before the last word */
	END_CLOSED,   /* it closed in good order, but nothing said that this is all */
	END_FINISHED, /* a reason, [DONE], a last usage, a whole completion, or our own limit */
	ENDS,
};

enum shown {
	SHOWN_NOTHING,
	SHOWN_TOOL,    /* it wants a tool, and we offer none */
	SHOWN_THOUGHT, /* thoughts alone */
	SHOWN_REFUSAL, /* words that say why there is no answer */
	SHOWN_TEXT,    /* or calls of tools that we offered */
	SHOWNS,
};

/* done, charged, again, reason. An error after the last word changes nothing. Text is paid for
 * however it ended, and nothing else is. No second try begins once something was shown or an end
 * was said. A body that ends in good order counts as whole: a server that is cut off cannot end it
 * so. */
static const struct ending endings[ENDS][SHOWNS] =
	{
		[END_FAILED] =
			{
				[SHOWN_NOTHING] = {false, false, true, NULL},
				[SHOWN_TOOL] = {false, false, false, NULL},
				[SHOWN_THOUGHT] = {false, false, false, NULL},
				[SHOWN_REFUSAL] = {false, false, false, NULL},
				[SHOWN_TEXT] = {false, true, false, NULL},
			},
		[END_CUT] =
			{
				[SHOWN_NOTHING] = {false, false, true, NULL},
				[SHOWN_TOOL] = {false, false, false, NULL},
				[SHOWN_THOUGHT] = {false, false, false, NULL},
				[SHOWN_REFUSAL] = {false, false, false, NULL},
				[SHOWN_TEXT] = {false, true, false, NULL},
			},
		[END_CLOSED] =
			{
				[SHOWN_NOTHING] = {false, false, true, NULL},
				[SHOWN_TOOL] = {false, false, false, "answer_tool"},
				[SHOWN_THOUGHT] = {false, false, false, "answer_thoughts"},
				[SHOWN_REFUSAL] = {true, false, false, NULL},
				[SHOWN_TEXT] = {true, true, false, NULL},
			},
		[END_FINISHED] =
			{
				[SHOWN_NOTHING] = {false, false, false, "answer_empty"},
				[SHOWN_TOOL] = {false, false, false, "answer_tool"},
				[SHOWN_THOUGHT] = {false, false, false, "answer_thoughts"},
				[SHOWN_REFUSAL] = {true, false, false, NULL},
				[SHOWN_TEXT] = {true, true, false, NULL},
			},
};

static enum shown shown(const struct provider_stream *stream)
{
	if (stream->wrote_text || stream->n_calls > 0)
		return SHOWN_TEXT;
	if (stream->wrote_refusal)
		return SHOWN_REFUSAL;
	if (stream->wants_tool)
		return SHOWN_TOOL;
	return stream->wrote_thought ? SHOWN_THOUGHT : SHOWN_NOTHING;
}

static enum end end(const struct provider_answer *answer, enum transport transport)
{
	const struct provider_stream *stream = &answer->stream;

	/* Some proxies say [DONE] and nothing before it when their server is away. */
	if (answer_finished(answer) && (stream->stop != STOP_NONE || shown(stream)))
		return END_FINISHED;
	if (answer->failed)
		return END_FAILED;
	return transport == TRANSPORT_CLOSED || stream->done ? END_CLOSED : END_CUT;
}

struct ending answer_ending(const struct provider_answer *answer, enum transport transport)
{
	const struct provider_stream *stream = &answer->stream;
	struct ending ending = endings[end(answer, transport)][shown(stream)];

	/* The filter's word says more than an empty answer. */
	if (ending.reason && stream->stop == STOP_FILTER)
		ending.reason = "answer_filtered";
	return ending;
}

const char *answer_ending_text(const char *reason)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{"answer_filtered", "the provider's filter took the answer away"},
		{"answer_tool", "the model asked for a tool instead of answering"},
		{"answer_thoughts", "the model thought and wrote no answer"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(reason, texts[i].reason) == 0)
			return texts[i].text;
	}
	return "the model ended its answer without a word";
}
