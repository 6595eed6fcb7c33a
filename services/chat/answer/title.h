/* The title of a chat that has none. */
#ifndef CHAT_ANSWER_TITLE_H
#define CHAT_ANSWER_TITLE_H

#include "chat/chat.h"

/* Made of the first line that has words: without Markdown's marks at its beginning, white space
 * joined, cut between words after about 60 characters. "" when there is no such line. */
void title_of_text(const char *text, char out[TITLE_BYTES_MAX + 1]);

/* The same of a model's answer: without the quotation marks, emphasis and "Title:" that models put
 * around a title, and without a full stop at its end. */
void title_of_model(const char *text, char out[TITLE_BYTES_MAX + 1]);

#endif
