/* The title of a chat that has none. */
#ifndef CHAT_ANSWER_TITLE_H
#define CHAT_ANSWER_TITLE_H

#include "chat/chat.h"

/* Made of the first line that has words: without Markdown's marks at its beginning, white space
 * joined, cut between words after about 60 characters. "" when there is no such line. */
void title_of_text(const char *text, char out[TITLE_BYTES_MAX + 1]);

#endif
