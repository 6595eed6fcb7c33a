#include "chat/words/state.h"

#include <string.h>

#define STATE(name) CHAT__V1__GENERATION__STATE__##name

static const char *const state_words[] = {
	[STATE(QUEUED)] = "QUEUED", [STATE(RUNNING)] = "RUNNING",     [STATE(WAITING)] = "WAITING",
	[STATE(DONE)] = "DONE",     [STATE(CANCELLED)] = "CANCELLED", [STATE(FAILED)] = "FAILED",
	[STATE(DEAD)] = "DEAD",
};

static const char *const stop_words[] = {
	[CHAT__V1__STOP_REASON__STOP] = "STOP",
	[CHAT__V1__STOP_REASON__LENGTH] = "LENGTH",
	[CHAT__V1__STOP_REASON__CANCELLED] = "CANCELLED",
	[CHAT__V1__STOP_REASON__FILTER] = "FILTER",
	[CHAT__V1__STOP_REASON__TOOL_CALLS] = "TOOL_CALLS",
};

static int find_word(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 1; word && i < n; i++) {
		if (words[i] && strcmp(words[i], word) == 0)
			return (int)i;
	}
	return 0;
}

Chat__V1__Generation__State state_read(const char *word)
{
	return (Chat__V1__Generation__State)find_word(state_words, ARRAY_SIZE(state_words), word);
}

Chat__V1__StopReason stop_read(const char *word)
{
	return (Chat__V1__StopReason)find_word(stop_words, ARRAY_SIZE(stop_words), word);
}

const char *state_word(Chat__V1__Generation__State state)
{
	return state_words[state];
}

const char *stop_word(Chat__V1__StopReason stop)
{
	return stop_words[stop];
}

Chat__V1__Message__State state_of_message(Chat__V1__Generation__State state)
{
	switch (state) {
	case STATE(DONE):
		return CHAT__V1__MESSAGE__STATE__DONE;
	case STATE(CANCELLED):
		return CHAT__V1__MESSAGE__STATE__CANCELLED;
	case STATE(FAILED):
	case STATE(DEAD):
		return CHAT__V1__MESSAGE__STATE__FAILED;
	default:
		return CHAT__V1__MESSAGE__STATE__RUNNING;
	}
}
