#include "auth/password.h"

#include "runtime/base/digest.h"
#include "runtime/base/text.h"

#include <argon2.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SALT_SIZE 16
#define HASH_SIZE 32
#define MMAP_BYTES (512 << 10) /* larger blocks go back to the system when freed */
#define LANES 1                /* a log-in takes one core */

/* Ascending: the first 8 bytes of the SHA-256 of each common password. */
static const uint64_t common[] = {
#include "auth/common_passwords.inc"
};

/* ------------------------------------------------------------------ which are taken */

static size_t count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_common(const char *password)
{
	char lower[PASSWORD_CHARACTERS_MAX * 4 + 1];
	size_t len = strlen(password);
	uint8_t hash[DIGEST_SHA256_SIZE];
	uint64_t key = 0;

	if (len >= sizeof(lower))
		return false;
	for (size_t i = 0; i < len; i++)
		lower[i] = password[i] >= 'A' && password[i] <= 'Z' ? (char)(password[i] | 0x20)
								    : password[i];
	digest_sha256(lower, len, hash);
	for (size_t i = 0; i < sizeof(key); i++)
		key = key << 8 | hash[i];
	return bsearch(&key, common, ARRAY_SIZE(common), sizeof(common[0]), compare);
}

/* C0, DEL and C1. */
static bool has_control(const char *text)
{
	for (const uint8_t *p = (const uint8_t *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0))
			return true;
	return false;
}

static enum status weak(struct error *reterr, const char *why)
{
	return error_field(reterr, INVALID_ARGUMENT, "password_weak", "password", "%s", why);
}

enum status password_check(const char *password, const char *email, struct error *reterr)
{
	size_t n = count_characters(password);

	if (has_control(password))
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "password",
				   "the password has a control character, such as a line break");
	if (n < PASSWORD_CHARACTERS_MIN)
		return weak(reterr, "the password has fewer than 8 characters");
	if (n > PASSWORD_CHARACTERS_MAX)
		return weak(reterr, "the password has more than 128 characters");
	if (is_common(password))
		return weak(reterr, "the password is one of the most common ones");
	if (strcasecmp(password, email) == 0 ||
	    (strncasecmp(password, email, strlen(password)) == 0 && email[strlen(password)] == '@'))
		return weak(reterr, "the password is the e-mail address");
	return OK;
}

/* ------------------------------------------------------------------ hashes */

enum status password_hash(const struct passwords *passwords, const char *password,
			  char ret[PASSWORD_HASH_SIZE], struct error *reterr)
{
	uint8_t salt[SALT_SIZE];
	int failed;

	random_bytes(salt, sizeof(salt));
	failed = argon2id_hash_encoded((uint32_t)passwords->options.passes,
				       (uint32_t)(passwords->options.memory_bytes / 1024), LANES,
				       password, strlen(password), salt, sizeof(salt), HASH_SIZE,
				       ret, PASSWORD_HASH_SIZE);
	if (failed)
		return error_set(reterr, INTERNAL, "internal_error", "argon2: %s",
				 argon2_error_message(failed));
	return OK;
}

enum status password_verify(const struct passwords *passwords, const char *encoded,
			    const char *password, bool *ret_right, struct error *reterr)
{
	int failed =
		argon2id_verify(encoded ? encoded : passwords->nobody, password, strlen(password));

	if (failed && failed != ARGON2_VERIFY_MISMATCH)
		return error_set(reterr, INTERNAL, "internal_error", "argon2: %s",
				 argon2_error_message(failed));
	*ret_right = failed == 0 && encoded;
	return OK;
}

bool password_outdated(const struct passwords *passwords, const char *encoded)
{
	return strncmp(encoded, passwords->prefix, strlen(passwords->prefix)) != 0;
}

enum status password_start(struct passwords *ret, const struct password_options *options,
			   struct error *reterr)
{
	uint8_t secret[32];
	char hex[65];

	/* A fixed threshold. Otherwise glibc raises it when a hash's memory is first freed, and
	 * each thread that has hashed keeps that memory. */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	ret->options = *options;
	snprintf(ret->prefix, sizeof(ret->prefix), "$argon2id$v=%d$m=%lld,t=%lld,p=%d$",
		 ARGON2_VERSION_NUMBER, (long long)options->memory_bytes / 1024,
		 (long long)options->passes, LANES);
	random_bytes(secret, sizeof(secret));
	hex_encode(secret, sizeof(secret), hex);
	return password_hash(ret, hex, ret->nobody, reterr);
}
