/* Canned answers that look like a model's: prose, list, code or table. The words of the question
 * choose. */
#include "standin.h"

#include "runtime/base/hash.h"
#include <stdio.h>
#include <string.h>

#define TOPIC_MAX 60

/* Texts before and after the topic. */
static const struct {
	const char *before, *after;
} openings[] = {
	{"Good question. Here is a short answer about **",
	 "**, written by the demo model: it is canned, but everything around it (streaming, "
	 "credits, history) is real.\n\n"},
	{"Let me take **",
	 "** step by step. You are talking to the demo model, so the text is canned; the way it "
	 "reaches you is not.\n\n"},
	{"In short: **", "** deserves a real model, and this is the demo one. It shows what an "
			 "answer looks like here.\n\n"},
};

static const char *const bodies[] = {
	"- The answer is streamed token by token, and you can stop it at any time.\n"
	"- Close the tab in the middle: the answer goes on, and is there when you come back.\n"
	"- The price was held before the model was asked, and only what was used is charged.\n\n"
	"To use a real provider, set `OPENROUTER_API_KEY` or `OPENAI_API_KEY` and start again.\n",

	"A small program says it best:\n\n"
	"```python\n"
	"def fibonacci(n: int) -> list[int]:\n"
	"    \"\"\"The first n numbers of the sequence.\"\"\"\n"
	"    numbers = [0, 1]\n"
	"    while len(numbers) < n:\n"
	"        numbers.append(numbers[-1] + numbers[-2])\n"
	"    return numbers[:n]\n\n\n"
	"print(fibonacci(10))\n"
	"```\n\n"
	"It prints `[0, 1, 1, 2, 3, 5, 8, 13, 21, 34]`. Each number is the sum of the two before "
	"it, so the loop needs no recursion and no table beside the list itself.\n",

	"Side by side:\n\n"
	"| option | good at | mind |\n"
	"| --- | --- | --- |\n"
	"| a small model | speed, price | long chains of thought |\n"
	"| a large model | hard questions | costs more a message |\n"
	"| a local model | privacy | needs your own machine |\n\n"
	"1. Start with the small one.\n"
	"2. Switch in the header when the answer is not good enough.\n"
	"3. The chat keeps its history whichever model you choose.\n",
};

static const char *const closing = "\nAsk again with other words and the demo answers differently.";

/* The first words of the prompt, without directives and line breaks. It ends on a whole
 * character. */
static const char *topic_of(const char *prompt, struct arena *arena)
{
	const char *end = strstr(prompt, "[[");
	size_t len = end ? (size_t)(end - prompt) : strlen(prompt);
	char *topic;

	if (len > strcspn(prompt, "\r\n"))
		len = strcspn(prompt, "\r\n");
	if (len > TOPIC_MAX) {
		len = TOPIC_MAX;
		while (len > 0 && ((uint8_t)prompt[len] & 0xc0) == 0x80)
			len--;
	}
	while (len && strchr(" ?.!*_`", prompt[len - 1]))
		len--;
	topic = arena_strndup(arena, prompt, len);
	return *topic ? topic : "that";
}

static const char *canned(const struct question *question, struct arena *arena)
{
	uint32_t hash = hash_fnv1a(question->prompt, strlen(question->prompt));
	const char *topic = topic_of(question->prompt, arena);
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, 1 << 16);
	buf_addf(&text, "%s%s%s", openings[hash % ARRAY_SIZE(openings)].before, topic,
		 openings[hash % ARRAY_SIZE(openings)].after);
	buf_adds(&text, bodies[hash / 7 % ARRAY_SIZE(bodies)]);
	buf_adds(&text, closing);
	return arena_strdup(arena, buf_text(&text));
}

/* Length of the next token: about four bytes, never within a character. A space belongs to the word
 * after it. */
static size_t token_length(const char *text)
{
	size_t len = 1;

	while (text[len] && ((uint8_t)text[len] & 0xc0) == 0x80)
		len++;
	while (text[len] && len < 4 && text[len] != ' ' && text[len] != '\n') {
		len++;
		while (text[len] && ((uint8_t)text[len] & 0xc0) == 0x80)
			len++;
	}
	return len;
}

/* n numbered words, for load and for long answers. */
static size_t counted_tokens(size_t n, struct arena *arena, const char **tokens)
{
	for (size_t i = 0; i < n; i++)
		tokens[i] = arena_printf(arena, "%s%zu", i ? " " : "", i + 1);
	return n;
}

size_t answer_thoughts(const struct question *question, struct arena *arena,
		       const char *const **ret)
{
	const char *at = question->think;
	size_t n = 0, max = at ? strlen(at) + 1 : 0;
	const char **thoughts = arena_array(arena, max, sizeof *thoughts);

	*ret = thoughts;
	while (at && thoughts) {
		thoughts[n++] = arena_strndup(arena, at, strcspn(at, "|"));
		at = strchr(at, '|');
		at += at != NULL;
	}
	return n;
}

size_t answer_arguments(const struct question *question, struct arena *arena,
			const char *const **ret)
{
	size_t n = (size_t)question->arguments;
	const char **pieces = arena_array(arena, n + 3, sizeof *pieces);

	*ret = pieces;
	if (!pieces || !question->tool)
		return 0;
	pieces[0] = "{\"q\":\"";
	if (n == 0)
		pieces[++n] = "x";
	else
		counted_tokens(n, arena, pieces + 1);
	pieces[n + 1] = "\"}";
	return n + 2;
}

size_t answer_tokens(const struct question *question, struct arena *arena, const char *const **ret)
{
	const char *text = question->say ? question->say : canned(question, arena);
	size_t max = question->tokens ? (size_t)question->tokens : strlen(text);
	const char **tokens = arena_array(arena, max + 1, sizeof *tokens);
	size_t n = 0;

	*ret = tokens;
	if (!tokens)
		return 0;
	if (question->tokens)
		return counted_tokens(max, arena, tokens);
	while (*text) {
		size_t len = token_length(text);

		tokens[n++] = arena_strndup(arena, text, len);
		text += len;
	}
	return n;
}
