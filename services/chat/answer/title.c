#include "chat/answer/title.h"

#include "runtime/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

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

/* Where the character begins that has the byte at n. */
static size_t character_start(const char *p, size_t n)
{
	while (n > 0 && ((unsigned char)p[n] & 0xC0) == 0x80)
		n--;
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

/* ---------------------------------------------------------------- of a model */

static const char *const wraps[] = {
	"\"",
	"'",
	"`",
	"*",
	"_",
	" ",
	"\t",
	"\r",
	"\xE2\x80\x9C",
	"\xE2\x80\x9D",
	"\xE2\x80\x9E",
	"\xE2\x80\x98",
	"\xE2\x80\x99",
	"\xC2\xAB",
	"\xC2\xBB",
	"\xE3\x80\x8C",
	"\xE3\x80\x8D",
	"\xE3\x80\x8A",
	"\xE3\x80\x8B",
};

/* Bytes of the mark that stands at p, or before p; 0: none does. */
static size_t wrap_at(const char *p, size_t before)
{
	for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
		size_t n = strlen(wraps[i]);

		if (before ? n <= before && strncmp(p - n, wraps[i], n) == 0
			   : strncmp(p, wraps[i], n) == 0)
			return n;
	}
	return 0;
}

static const char *unwrap_begin(const char *p)
{
	size_t n;

	while ((n = wrap_at(p, 0)) > 0)
		p += n;
	return p;
}

void title_of_model(const char *text, char out[TITLE_BYTES_MAX + 1])
{
	static const char label[] = "title:";
	char line[4096];
	const char *p = unwrap_begin(skip_marks(text));
	size_t len, n;

	if (strncasecmp(p, label, sizeof label - 1) == 0)
		p = unwrap_begin(skip_marks(p + sizeof label - 1));
	len = strcspn(p, "\n");
	while (len > 0 && ((n = wrap_at(p + len, len)) > 0 || p[len - 1] == '.'))
		len -= n > 0 ? n : 1;
	while (len >= sizeof line) /* whole characters */
		len = character_start(p, sizeof line - 1);
	memcpy(line, p, len);
	line[len] = '\0';
	title_of_text(line, out);
}
