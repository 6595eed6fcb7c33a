#include "chat/catalogue/tokens.h"

/* Quarters of a token by the first byte of a character; bytes that continue one weigh nothing. */
static unsigned quarters(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xC0)
		return 0;
	if (c < 0xE0)
		return 2; /* two bytes: Latin with marks, Greek, Cyrillic, Arabic … */
	return c < 0xF0 ? 4 : 8;
}

int32_t tokens_count(const char *text, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += quarters((unsigned char)text[i]);
	sum = (sum + 3) / 4;
	return sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}
