#include "runtime/base/uuid.h"

#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/text.h"

#include <pthread.h>
#include <string.h>

static void set_version(struct uuid *id, uint8_t version)
{
	id->bytes[6] = (uint8_t)(version << 4) | (id->bytes[6] & 0x0f);
	id->bytes[8] = 0x80 | (id->bytes[8] & 0x3f);
}

/* RFC 9562 section 6.2 method 1: the 12 bits after the time are a counter within the
 * millisecond. */
static void next_v7_time(uint64_t *ret_ms, uint16_t *ret_counter)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t last_ms;
	static uint16_t counter;
	uint64_t now_ms = (uint64_t)(clock_wall_us() / US_PER_MS);

	pthread_mutex_lock(&lock);
	if (now_ms > last_ms) {
		last_ms = now_ms;
		counter = 0;
	} else if (++counter > 0xfff) {
		last_ms++; /* more than 4,096 in a millisecond, or the clock went back: borrow the
			      next one */
		counter = 0;
	}
	*ret_ms = last_ms;
	*ret_counter = counter;
	pthread_mutex_unlock(&lock);
}

void uuid_v7(char out[UUID_SIZE])
{
	struct uuid id;
	uint64_t ms;
	uint16_t counter;

	next_v7_time(&ms, &counter);
	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.bytes[6] = (uint8_t)(counter >> 8);
	id.bytes[7] = (uint8_t)counter;
	random_bytes(id.bytes + 8, 8);
	set_version(&id, 7);
	uuid_format(&id, out);
}

void uuid_v4(char out[UUID_SIZE])
{
	struct uuid id;

	random_bytes(id.bytes, sizeof id.bytes);
	set_version(&id, 4);
	uuid_format(&id, out);
}

void uuid_v5(const struct uuid *name_space, const char *name, char out[UUID_SIZE])
{
	uint8_t digest[DIGEST_SHA1_SIZE];
	struct uuid id;

	digest_sha1(name_space->bytes, sizeof name_space->bytes, name, strlen(name), digest);
	memcpy(id.bytes, digest, sizeof id.bytes);
	set_version(&id, 5);
	uuid_format(&id, out);
}

void uuid_format(const struct uuid *id, char out[UUID_SIZE])
{
	char hex[33];

	hex_encode(id->bytes, sizeof id->bytes, hex);
	for (int i = 0, o = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[o++] = '-';
		out[o++] = hex[i];
	}
	out[36] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool uuid_parse(const char *text, size_t len, struct uuid *ret)
{
	size_t n = 0;

	if (len != 36)
		return false;
	for (size_t i = 0; i < 36;) {
		int high, low;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i++] != '-')
				return false;
			continue;
		}
		high = hex_value(text[i]);
		low = hex_value(text[i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret->bytes[n++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return true;
}

bool uuid_valid(const char *text)
{
	struct uuid id;

	return uuid_parse(text, strlen(text), &id);
}
