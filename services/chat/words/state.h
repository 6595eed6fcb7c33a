/* SQL's words for the state of a generation and for why it stopped. */
#ifndef CHAT_WORDS_STATE_H
#define CHAT_WORDS_STATE_H

#include "chat/v1/rpc.h"

/* 0 for NULL or an unknown word. */
Chat__V1__Generation__State state_read(const char *word);
Chat__V1__StopReason stop_read(const char *word);

const char *state_word(Chat__V1__Generation__State state);
/* NULL for 0. */
const char *stop_word(Chat__V1__StopReason stop);

/* The state of the message that a generation in this state writes. */
Chat__V1__Message__State state_of_message(Chat__V1__Generation__State state);

#endif
