/* The usage of one answer. Its dimensions do not overlap, whatever the provider's do. */
#ifndef CHAT_PROVIDER_USAGE_H
#define CHAT_PROVIDER_USAGE_H

#include <stdint.h>

struct usage {
	int64_t input;          /* tokens of the prompt that no other member counts */
	int64_t cached_input;   /* … that were read from the provider's cache */
	int64_t cache_write_5m; /* … that were written to it, for 5 minutes */
	int64_t cache_write_1h; /* … and for an hour */
	int64_t image_input;    /* … of images, where the provider counts them apart */
	int64_t output;         /* tokens of the answer, without reasoning */
	int64_t reasoning;
	int64_t images; /* that were made */
	int64_t audio_seconds;
	int64_t tool_calls; /* of tools that the provider runs */
};

/* Tokens of the whole prompt: they choose the tier of the price. */
static inline int64_t usage_prompt(const struct usage *usage)
{
	return usage->input + usage->cached_input + usage->cache_write_5m + usage->cache_write_1h +
	       usage->image_input;
}

/* Tokens of the whole answer. */
static inline int64_t usage_completion(const struct usage *usage)
{
	return usage->output + usage->reasoning;
}

#endif
