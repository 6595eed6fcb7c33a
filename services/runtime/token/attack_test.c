/* Tokens that an attacker would try (RFC 8725 and its known failures), each refused with
 * UNAUTHENTICATED. In the tables '@-900' is now - 900 s and '%' the key's public PEM as JSON
 * text. */
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/token/token.h"

#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define SESSION "018f0000-0000-7000-8000-000000000001"
#define TIMES "\"iat\":@-5,\"nbf\":@-5,\"exp\":@900"
#define ACCESS "\"token_use\":\"access\""
#define WHO \
	"\"iss\":\"auth\",\"sub\":\"u\",\"aud\":\"limitless\"," ACCESS ",\"sid\":\"" SESSION "\""
#define PAYLOAD "{" WHO "," TIMES "}"

enum signature {
	GOOD,       /* ES256 by the key that the kid names */
	OTHER_KEY,  /* ES256 by a key of the attacker */
	HMAC_PEM,   /* HS256 keyed with the public PEM */
	HMAC_EMPTY, /* HS256 keyed with nothing */
	NONE,       /* empty */
	ZERO,       /* r = s = 0 (CVE-2022-21449) */
	ORDER,      /* r = s = the order of the curve */
	DER,        /* a good one in OpenSSL's form */
	SHORT,      /* a good one without its last byte */
	LONG,       /* a good one and a byte more */
	SWAPPED,    /* s || r */
};

struct attack {
	const char *name;
	const char *header;
	const char *payload;
	enum signature signature;
};

static struct arena *arena;
static char *public_pem;
static EVP_PKEY *key, *other_key;
static struct token_verifier *verifier;

static EVP_PKEY *read_private(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *read = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	assert_non_null(read);
	BIO_free(bio);
	return read;
}

static int set_up(void **state)
{
	char *private_pem, *other_private, *other_public;
	struct token_key keys[2];
	struct error err;

	arena = arena_new(1 << 16, 1 << 26);
	assert_int_equal(token_key_generate(arena, &private_pem, &public_pem, &err), OK);
	assert_int_equal(token_key_generate(arena, &other_private, &other_public, &err), OK);
	key = read_private(private_pem);
	other_key = read_private(other_private);
	keys[0] = (struct token_key){"k1", public_pem, "auth"};
	keys[1] = (struct token_key){"k2", other_public, "mallory"};
	verifier = token_verifier_new();
	assert_int_equal(token_verifier_set(verifier, keys, 2, &err), OK);
	return 0;
}

static int tear_down(void **state)
{
	token_verifier_free(verifier);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	arena_free(arena);
	return 0;
}

/* Fills in '@' and '%'. */
static char *expand(const char *text)
{
	char *out = arena_strdup(arena, "");

	while (*text) {
		size_t plain = strcspn(text, "@%");

		out = arena_printf(arena, "%s%.*s", out, (int)plain, text);
		text += plain;
		if (*text == '@') {
			char *end;
			long long offset = strtoll(text + 1, &end, 10);

			out = arena_printf(arena, "%s%lld", out,
					   (long long)(clock_wall_us() / US_PER_S) + offset);
			text = end;
		} else if (*text == '%') {
			json_t *pem = json_string(public_pem);
			_cleanup_(freep) char *quoted = json_dumps(pem, JSON_ENCODE_ANY);

			out = arena_printf(arena, "%s%s", out, quoted);
			json_decref(pem);
			text++;
		}
	}
	return out;
}

/* r || s of an ES256 signature, or its DER form. */
static char *ecdsa(EVP_PKEY *by, const char *text, enum signature form)
{
	static const uint8_t order[32] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
		0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	};
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[80], raw[65] = {0}, turned[64];
	const uint8_t *p = der;
	size_t len = sizeof(der);
	ECDSA_SIG *signature;

	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, by), 1);
	assert_int_equal(EVP_DigestSign(context, der, &len, (const uint8_t *)text, strlen(text)),
			 1);
	EVP_MD_CTX_free(context);
	if (form == DER)
		return base64url_encode(arena, der, len);
	signature = d2i_ECDSA_SIG(NULL, &p, (long)len);
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
	ECDSA_SIG_free(signature);
	if (form == ZERO)
		memset(raw, 0, 64);
	if (form == ORDER) {
		memcpy(raw, order, 32);
		memcpy(raw + 32, order, 32);
	}
	if (form == SWAPPED) {
		memcpy(turned, raw + 32, 32);
		memcpy(turned + 32, raw, 32);
		memcpy(raw, turned, 64);
	}
	return base64url_encode(arena, raw, form == SHORT ? 63 : form == LONG ? 65 : 64);
}

static char *hmac(const char *secret, const char *text)
{
	uint8_t mac[32];

	assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)text,
			     strlen(text), mac, NULL));
	return base64url_encode(arena, mac, sizeof(mac));
}

static char *forge_parts(const char *header, size_t header_len, const char *payload,
			 enum signature form)
{
	char *text = arena_printf(arena, "%s.%s", base64url_encode(arena, header, header_len),
				  base64url_encode(arena, payload, strlen(payload)));
	const char *signature;

	if (form == NONE)
		signature = "";
	else if (form == HMAC_PEM)
		signature = hmac(public_pem, text);
	else if (form == HMAC_EMPTY)
		signature = hmac("", text);
	else
		signature = ecdsa(form == OTHER_KEY ? other_key : key, text, form);
	return arena_printf(arena, "%s.%s", text, signature);
}

static char *forge(const char *header, const char *payload, enum signature form)
{
	char *text = expand(header);

	return forge_parts(text, strlen(text), expand(payload), form);
}

static enum status verify(const char *token, size_t len, struct error *err)
{
	struct token_claims claims;

	return token_verify(verifier, token, len, TOKEN_ACCESS, "limitless", &claims, err);
}

static void expect_refused(const char *name, const char *token, size_t len)
{
	struct error err;

	if (verify(token, len, &err) != UNAUTHENTICATED)
		fail_msg("%s was not refused: %s", name, token);
}

/* The frame of the tables is sound: the same token without the attack is taken. */
static void the_honest_token_is_taken(void **state)
{
	const char *token = forge(HEADER, PAYLOAD, GOOD);
	struct error err;

	assert_int_equal(verify(token, strlen(token), &err), OK);
	token = forge(HEADER, "{" WHO "," TIMES ",\"roles\":[\"x\"],\"scope\":[1]}", GOOD);
	assert_int_equal(verify(token, strlen(token), &err), OK);
}

#define ALG(a) "{\"alg\":" a ",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define KID(k) "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":" k "}"
#define TYP(t) "{\"alg\":\"ES256\",\"typ\":" t ",\"kid\":\"k1\"}"
#define MORE(m) "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"," m "}"
#define CLAIM(c) "{" c "}"
#define ISS(v) CLAIM("\"iss\":" v ",\"sub\":\"u\",\"aud\":\"limitless\"," ACCESS "," TIMES)
#define SUB(v) CLAIM("\"iss\":\"auth\",\"sub\":" v ",\"aud\":\"limitless\"," ACCESS "," TIMES)
#define AUD(v) CLAIM("\"iss\":\"auth\",\"sub\":\"u\",\"aud\":" v "," ACCESS "," TIMES)
#define SID(v)                                                                             \
	CLAIM("\"iss\":\"auth\",\"sub\":\"u\",\"aud\":\"limitless\",\"sid\":" v "," ACCESS \
	      "," TIMES)
#define USE(v) \
	CLAIM("\"iss\":\"auth\",\"sub\":\"u\",\"aud\":\"limitless\",\"token_use\":" v "," TIMES)
#define AT(iat, nbf, exp) CLAIM(WHO ",\"iat\":" iat ",\"nbf\":" nbf ",\"exp\":" exp)
#define KID_10 "kkkkkkkkkk"
#define KID_70 KID_10 KID_10 KID_10 KID_10 KID_10 KID_10 KID_10

static const struct attack attacks[] = {
	/* The algorithm. */
	{"alg none", ALG("\"none\""), PAYLOAD, NONE},
	{"alg None", ALG("\"None\""), PAYLOAD, NONE},
	{"alg NONE", ALG("\"NONE\""), PAYLOAD, NONE},
	{"alg nOnE", ALG("\"nOnE\""), PAYLOAD, NONE},
	{"alg none, padded", ALG("\"none \""), PAYLOAD, NONE},
	{"alg none, signed", ALG("\"none\""), PAYLOAD, GOOD},
	{"alg empty", ALG("\"\""), PAYLOAD, NONE},
	{"alg null", ALG("null"), PAYLOAD, GOOD},
	{"alg number", ALG("256"), PAYLOAD, GOOD},
	{"alg array", ALG("[\"ES256\"]"), PAYLOAD, GOOD},
	{"alg true", ALG("true"), PAYLOAD, GOOD},
	{"alg es256", ALG("\"es256\""), PAYLOAD, GOOD},
	{"alg ES256 with NUL", ALG("\"ES256\\u0000\""), PAYLOAD, GOOD},
	{"alg ES256K", ALG("\"ES256K\""), PAYLOAD, GOOD},
	{"alg ES384", ALG("\"ES384\""), PAYLOAD, GOOD},
	{"alg ES512", ALG("\"ES512\""), PAYLOAD, GOOD},
	{"alg RS256", ALG("\"RS256\""), PAYLOAD, GOOD},
	{"alg PS256", ALG("\"PS256\""), PAYLOAD, GOOD},
	{"alg EdDSA", ALG("\"EdDSA\""), PAYLOAD, GOOD},
	{"alg HS256 with the public key", ALG("\"HS256\""), PAYLOAD, HMAC_PEM},
	{"alg HS256 with no key", ALG("\"HS256\""), PAYLOAD, HMAC_EMPTY},
	{"alg HS384", ALG("\"HS384\""), PAYLOAD, HMAC_PEM},
	{"alg HS512", ALG("\"HS512\""), PAYLOAD, HMAC_PEM},
	{"HMAC under alg ES256", HEADER, PAYLOAD, HMAC_PEM},
	{"no alg", "{\"typ\":\"JWT\",\"kid\":\"k1\",\"x\":1}", PAYLOAD, GOOD},
	{"two algs", "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", PAYLOAD,
	 GOOD},
	{"two algs, none last",
	 "{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", PAYLOAD, NONE},
	/* The signature. */
	{"no signature", HEADER, PAYLOAD, NONE},
	{"another key", HEADER, PAYLOAD, OTHER_KEY},
	{"signature of zeros", HEADER, PAYLOAD, ZERO},
	{"signature of the order", HEADER, PAYLOAD, ORDER},
	{"signature in DER", HEADER, PAYLOAD, DER},
	{"signature too short", HEADER, PAYLOAD, SHORT},
	{"signature too long", HEADER, PAYLOAD, LONG},
	{"r and s swapped", HEADER, PAYLOAD, SWAPPED},
	/* The key's name. */
	{"kid unknown", KID("\"k3\""), PAYLOAD, GOOD},
	{"kid of another key", KID("\"k2\""), PAYLOAD, GOOD},
	{"kid of another issuer", KID("\"k2\""), PAYLOAD, OTHER_KEY},
	{"kid empty", KID("\"\""), PAYLOAD, GOOD},
	{"kid null", KID("null"), PAYLOAD, GOOD},
	{"kid number", KID("1"), PAYLOAD, GOOD},
	{"kid array", KID("[\"k1\"]"), PAYLOAD, GOOD},
	{"kid object", KID("{\"k1\":1}"), PAYLOAD, GOOD},
	{"kid as a path", KID("\"../../../../dev/null\""), PAYLOAD, HMAC_EMPTY},
	{"kid as SQL", KID("\"k1' UNION SELECT 'x\""), PAYLOAD, GOOD},
	{"kid as a command", KID("\"k1|sleep 10\""), PAYLOAD, GOOD},
	{"kid with NUL", KID("\"k1\\u0000\""), PAYLOAD, GOOD},
	{"kid with a space", KID("\"k1 \""), PAYLOAD, GOOD},
	{"kid in capitals", KID("\"K1\""), PAYLOAD, GOOD},
	{"kid of 70", KID("\"" KID_70 "\""), PAYLOAD, GOOD},
	{"no kid", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x\":1}", PAYLOAD, GOOD},
	{"two kids", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k2\",\"kid\":\"k1\"}", PAYLOAD,
	 GOOD},
	/* Keys and rules that the token brings along. */
	{"crit", MORE("\"crit\":[\"exp\"]"), PAYLOAD, GOOD},
	{"crit empty", MORE("\"crit\":[]"), PAYLOAD, GOOD},
	{"crit unknown", MORE("\"crit\":[\"x\"],\"x\":1"), PAYLOAD, GOOD},
	{"b64 false", MORE("\"b64\":false,\"crit\":[\"b64\"]"), PAYLOAD, GOOD},
	{"jku", MORE("\"jku\":\"http://127.0.0.1/k\""), PAYLOAD, OTHER_KEY},
	{"x5u", MORE("\"x5u\":\"http://127.0.0.1/k\""), PAYLOAD, OTHER_KEY},
	{"jwk", MORE("\"jwk\":{\"kty\":\"EC\"}"), PAYLOAD, OTHER_KEY},
	{"x5c", MORE("\"x5c\":[%]"), PAYLOAD, OTHER_KEY},
	{"zip", MORE("\"zip\":\"DEF\""), PAYLOAD, GOOD},
	{"cty", MORE("\"cty\":\"JWT\""), PAYLOAD, GOOD},
	/* The type. */
	{"typ at+jwt", TYP("\"at+jwt\""), PAYLOAD, GOOD},
	{"typ jwt", TYP("\"jwt\""), PAYLOAD, GOOD},
	{"typ empty", TYP("\"\""), PAYLOAD, GOOD},
	{"typ null", TYP("null"), PAYLOAD, GOOD},
	{"typ long", TYP("\"JWTJWTJWTJWT\""), PAYLOAD, GOOD},
	{"no typ", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"x\":1}", PAYLOAD, GOOD},
	{"use of a service", HEADER, USE("\"service\""), GOOD},
	{"use of a refresh token", HEADER, USE("\"refresh\""), GOOD},
	{"use ACCESS", HEADER, USE("\"ACCESS\""), GOOD},
	{"use with NUL", HEADER, USE("\"access\\u0000\""), GOOD},
	{"use empty", HEADER, USE("\"\""), GOOD},
	{"use null", HEADER, USE("null"), GOOD},
	{"use array", HEADER, USE("[\"access\"]"), GOOD},
	{"use long", HEADER, USE("\"accessaccessaccess\""), GOOD},
	{"no use", HEADER, CLAIM("\"iss\":\"auth\",\"sub\":\"u\",\"aud\":\"limitless\"," TIMES),
	 GOOD},
	/* Issuer, subject, audience, session. */
	{"iss other", ISS("\"mallory\""), NULL, GOOD},
	{"iss prefix", ISS("\"auth2\""), NULL, GOOD},
	{"iss in capitals", ISS("\"AUTH\""), NULL, GOOD},
	{"iss empty", ISS("\"\""), NULL, GOOD},
	{"iss null", ISS("null"), NULL, GOOD},
	{"iss array", ISS("[\"auth\"]"), NULL, GOOD},
	{"no iss", CLAIM("\"sub\":\"u\",\"aud\":\"limitless\"," TIMES), NULL, GOOD},
	{"sub empty", SUB("\"\""), NULL, GOOD},
	{"sub number", SUB("1"), NULL, GOOD},
	{"sub with NUL", SUB("\"u\\u0000v\""), NULL, GOOD},
	{"sub of 70", SUB("\"" KID_70 "\""), NULL, GOOD},
	{"no sub", CLAIM("\"iss\":\"auth\",\"aud\":\"limitless\"," TIMES), NULL, GOOD},
	{"two subs", SUB("\"u\",\"sub\":\"admin\""), NULL, GOOD},
	{"aud other", AUD("\"credits\""), NULL, GOOD},
	{"aud prefix", AUD("\"limitless2\""), NULL, GOOD},
	{"aud empty", AUD("\"\""), NULL, GOOD},
	{"aud array", AUD("[\"limitless\",\"credits\"]"), NULL, GOOD},
	{"aud null", AUD("null"), NULL, GOOD},
	{"no aud", CLAIM("\"iss\":\"auth\",\"sub\":\"u\"," TIMES), NULL, GOOD},
	{"two auds", AUD("\"credits\",\"aud\":\"limitless\""), NULL, GOOD},
	{"sid no UUID", SID("\"1\""), NULL, GOOD},
	{"sid empty", SID("\"\""), NULL, GOOD},
	{"sid number", SID("1"), NULL, GOOD},
	{"sid null", SID("null"), NULL, GOOD},
	{"roles text", CLAIM(WHO "," TIMES ",\"roles\":\"admin\""), NULL, GOOD},
	{"roles of objects", CLAIM(WHO "," TIMES ",\"roles\":[{\"admin\":1}]"), NULL, GOOD},
	{"roles object", CLAIM(WHO "," TIMES ",\"roles\":{\"admin\":true}"), NULL, GOOD},
	/* Times. */
	{"expired", AT("@-900", "@-900", "@-31"), NULL, GOOD},
	{"exp long past", AT("1", "1", "2"), NULL, GOOD},
	{"exp text", AT("@-5", "@-5", "\"@900\""), NULL, GOOD},
	{"exp real", AT("@-5", "@-5", "1e300"), NULL, GOOD},
	{"exp negative", AT("@-5", "@-5", "-1"), NULL, GOOD},
	{"exp zero", AT("@-5", "@-5", "0"), NULL, GOOD},
	{"exp null", AT("@-5", "@-5", "null"), NULL, GOOD},
	{"exp true", AT("@-5", "@-5", "true"), NULL, GOOD},
	{"exp beyond time", AT("@-5", "@-5", "9223372036854775807"), NULL, GOOD},
	{"exp beyond int64", AT("@-5", "@-5", "9223372036854775808"), NULL, GOOD},
	{"no exp", CLAIM(WHO ",\"iat\":@-5,\"nbf\":@-5"), NULL, GOOD},
	{"two exps", AT("@-5", "@-5", "@-900,\"exp\":@900"), NULL, GOOD},
	{"nbf ahead", AT("@-5", "@40", "@900"), NULL, GOOD},
	{"nbf text", AT("@-5", "\"@-5\"", "@900"), NULL, GOOD},
	{"no nbf", CLAIM(WHO ",\"iat\":@-5,\"exp\":@900"), NULL, GOOD},
	{"iat ahead", AT("@40", "@-5", "@900"), NULL, GOOD},
	{"iat absurd", AT("9223372036854775807", "@-5", "@900"), NULL, GOOD},
	{"iat negative", AT("-5", "@-5", "@900"), NULL, GOOD},
	{"no iat", CLAIM(WHO ",\"nbf\":@-5,\"exp\":@900"), NULL, GOOD},
	/* The JSON. */
	{"header empty", "", PAYLOAD, GOOD},
	{"header array", "[]", PAYLOAD, GOOD},
	{"header null", "null", PAYLOAD, GOOD},
	{"header broken", "{\"alg\":\"ES256\"", PAYLOAD, GOOD},
	{"header with a tail", HEADER "x", PAYLOAD, GOOD},
	{"header not UTF-8", KID("\"k1\xff\""), PAYLOAD, GOOD},
	{"payload empty", HEADER, "", GOOD},
	{"payload array", HEADER, "[]", GOOD},
	{"payload text", HEADER, "\"u\"", GOOD},
	{"payload broken", HEADER, "{" WHO, GOOD},
	{"payload with a tail", HEADER, PAYLOAD "{}", GOOD},
	{"payload not UTF-8", HEADER, "{" WHO "," TIMES ",\"x\":\"\xc0\x80\"}", GOOD},
};

static void every_attack_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const struct attack *a = &attacks[i];
		/* Rows without a payload give the claims in the place of the header. */
		const char *token = a->payload ? forge(a->header, a->payload, a->signature)
					       : forge(HEADER, a->header, a->signature);

		expect_refused(a->name, token, strlen(token));
	}
	print_message("%zu attacks refused\n", ARRAY_SIZE(attacks));
}

static void broken_forms_are_refused(void **state)
{
	const char *good = forge(HEADER, PAYLOAD, GOOD);
	const char *dot = strchr(good, '.'), *last = strrchr(good, '.');
	int head = (int)(dot - good), body = (int)(last - dot - 1);
	const char *const forms[] = {
		"",
		".",
		"..",
		"...",
		"a.b.c",
		" ",
		arena_printf(arena, "%s.", good),
		arena_printf(arena, ".%s", good),
		arena_printf(arena, "%s.e30", good),
		arena_printf(arena, "%s=", good),
		arena_printf(arena, "%s==", good),
		arena_printf(arena, "%s ", good),
		arena_printf(arena, " %s", good),
		arena_printf(arena, "%s\n", good),
		arena_printf(arena, "Bearer %s", good),
		arena_printf(arena, "%.*s", head, good),
		arena_printf(arena, "%.*s.%.*s", head, good, body, dot + 1),
		arena_printf(arena, "%.*s.%.*s.", head, good, body, dot + 1),
		arena_printf(arena, "%.*s=.%s", head, good, dot + 1),
		arena_printf(arena, "%.*s.%.*s=.%s", head, good, body, dot + 1, last + 1),
		arena_printf(arena, "%.*s..%s", head, good, last + 1),
		arena_printf(arena, ".%s", dot + 1),
		arena_printf(arena, "%.*s.%s.%.*s", head, good, last + 1, body, dot + 1),
		arena_printf(arena, "{\"payload\":\"%.*s\",\"signature\":\"%s\"}", body, dot + 1,
			     last + 1),
	};
	char *with_nul = arena_memdup(arena, good, strlen(good) + 1);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		expect_refused("form", forms[i], strlen(forms[i]));
	expect_refused("with its NUL", good, strlen(good) + 1);
	with_nul[head / 2] = '\0';
	expect_refused("a NUL inside", with_nul, strlen(good));
}

static void a_long_token_is_refused_unread(void **state)
{
	char filling[4000];
	const char *token;
	struct error err;

	memset(filling, 'x', sizeof(filling) - 1);
	filling[sizeof(filling) - 1] = '\0';
	filling[2500] = '\0';
	token = forge(HEADER, arena_printf(arena, "{" WHO "," TIMES ",\"x\":\"%s\"}", filling),
		      GOOD);
	assert_int_equal(verify(token, strlen(token), &err), OK);
	filling[2500] = 'x';
	token = forge(HEADER, arena_printf(arena, "{" WHO "," TIMES ",\"x\":\"%s\"}", filling),
		      GOOD);
	assert_true(strlen(token) > TOKEN_TEXT_MAX);
	expect_refused("too long", token, strlen(token));
}

static void every_flipped_bit_is_refused(void **state)
{
	const char *good = forge(HEADER, PAYLOAD, GOOD);
	size_t len = strlen(good), n = 0;

	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++, n++) {
			char *changed = arena_memdup(arena, good, len + 1);

			changed[i] = (char)(changed[i] ^ (1 << bit));
			expect_refused("flipped bit", changed, len);
		}
	}
	for (size_t i = 0; i < len; i++, n++)
		expect_refused("cut", good, i);
	print_message("%zu changed tokens refused\n", n);
}

/* 10 kB of kid would be found before any key is looked up; the name in a header has no other way
 * out. */
static void a_kid_is_only_peeked_when_valid(void **state)
{
	char kid[TOKEN_KID_SIZE] = "untouched";
	char *long_kid = arena_alloc(arena, 10001), *header;
	const char *token;

	memset(long_kid, 'k', 10000);
	long_kid[10000] = '\0';
	header = arena_printf(arena, KID("\"%s\""), long_kid);
	token = forge_parts(header, strlen(header), "{}", NONE);
	expect_refused("kid of 10,000", token, strlen(token));
	assert_false(token_peek_kid(token, strlen(token), kid));
	token = forge(KID("\"../k\""), PAYLOAD, GOOD);
	assert_false(token_peek_kid(token, strlen(token), kid));
	token = forge(ALG("\"HS256\""), PAYLOAD, HMAC_PEM);
	assert_false(token_peek_kid(token, strlen(token), kid));
	assert_false(token_peek_kid("x", 1, kid));
	assert_string_equal(kid, "untouched");
	token = forge(KID("\"unknown-1\""), PAYLOAD, GOOD);
	assert_true(token_peek_kid(token, strlen(token), kid));
	assert_string_equal(kid, "unknown-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_honest_token_is_taken),
		cmocka_unit_test(every_attack_is_refused),
		cmocka_unit_test(broken_forms_are_refused),
		cmocka_unit_test(a_long_token_is_refused_unread),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(a_kid_is_only_peeked_when_valid),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
