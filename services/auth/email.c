#include "auth/auth.h"

#include <string.h>
#include <strings.h>

#define EMAIL_MAX 254 /* bytes (RFC 5321 4.5.3.1.3 without the brackets) */
#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* dot-atom of RFC 5321: no dot at either end, none doubled. */
static bool local_part_valid(const char *text, size_t len)
{
	if (len == 0 || len > LOCAL_MAX || text[0] == '.' || text[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && text[i + 1] == '.')
			return false;
		if (!is_alnum(text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", text[i]))
			return false;
	}
	return true;
}

static bool domain_valid(const char *domain)
{
	if (*domain == '\0')
		return false;
	for (;;) {
		size_t len = strcspn(domain, ".");

		if (len == 0 || len > LABEL_MAX || domain[0] == '-' || domain[len - 1] == '-')
			return false;
		for (size_t i = 0; i < len; i++)
			if (!is_alnum(domain[i]) && domain[i] != '-')
				return false;
		if (domain[len] == '\0')
			return true;
		domain += len + 1;
	}
}

char *email_normalise(struct arena *arena, const char *text)
{
	size_t len = strlen(text);
	char *email, *at;

	if (len > EMAIL_MAX)
		return NULL;
	email = arena_strdup(arena, text);
	for (char *p = email; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	at = strchr(email, '@');
	if (!at || !local_part_valid(email, (size_t)(at - email)) || !domain_valid(at + 1))
		return NULL;
	return email;
}

bool email_is_admin(const char *const *admins, const char *email)
{
	for (const char *const *p = admins; p && *p; p++)
		if (strcasecmp(*p, email) == 0)
			return true;
	return false;
}
