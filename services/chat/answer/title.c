#include "chat/answer/title.h"

#include "runtime/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define CHARACTERS_MAX 60
#define ELLIPSIS "\xE2\x80\xA6"

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips white space and the marks of headings, quotes, lists and code fences. */
static const char *skip_marks(const char *text)
{
	while (white(*text) || (*text && strchr("#>*-`", *text)))
		text++;
	return text;
}

static size_t character_bytes(const char *p)
{
	size_t n = 1;

	while (((unsigned char)p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

void title_of_text(const char *text, char out[TITLE_BYTES_MAX + 1])
{
	size_t len = 0, characters = 0, word_end = 0;
	const char *p = skip_marks(text);

	while (*p && *p != '\n') {
		size_t n = character_bytes(p);

		if (white(*p)) {
			if (len > 0 && out[len - 1] != ' ') {
				word_end = len;
				out[len++] = ' ';
				characters++;
			}
			p++;
			continue;
		}
		if (characters >= CHARACTERS_MAX ||
		    len + n + strlen(ELLIPSIS) >= TITLE_BYTES_MAX + 1) {
			if (word_end > len / 2) /* not for one long word */
				len = word_end;
			memcpy(out + len, ELLIPSIS, strlen(ELLIPSIS));
			len += strlen(ELLIPSIS);
			break;
		}
		memcpy(out + len, p, n);
		len += n;
		characters++;
		p += n;
	}
	out[len] = '\0';
	text_make_line(out);
}
