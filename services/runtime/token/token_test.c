#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/token/token.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SESSION "018f0000-0000-7000-8000-000000000001"

static struct arena *arena;
static char *private_pem, *public_pem;

static int set_up(void **state)
{
	struct error err;

	arena = arena_new(1 << 16, 1 << 24);
	assert_int_equal(token_key_generate(arena, &private_pem, &public_pem, &err), OK);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

static int64_t now(void)
{
	return clock_wall_us() / US_PER_S;
}

static struct token_signer *new_signer(const char *pem, const char *kid, const char *issuer)
{
	struct token_signer *signer = NULL;
	struct error err;

	assert_int_equal(token_signer_new(pem, kid, issuer, &signer, &err), OK);
	return signer;
}

static struct token_verifier *new_verifier(const char *pem, const char *kid, const char *issuer)
{
	struct token_verifier *verifier = token_verifier_new();
	const struct token_key key = {.kid = kid, .public_pem = pem, .issuer = issuer};
	struct error err;

	assert_int_equal(token_verifier_set(verifier, &key, 1, &err), OK);
	return verifier;
}

static char *user_token(const struct token_signer *signer, bool admin)
{
	struct token_claims claims = {
		.subject = "user-1",
		.audience = "limitless",
		.type = TOKEN_ACCESS,
		.session_id = SESSION,
		.admin = admin,
		.expires_at = now() + 900,
	};
	struct error err;
	char *token;

	assert_int_equal(token_sign(signer, &claims, arena, &token, &err), OK);
	return token;
}

static void claims_come_back(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "k1", "auth");
	struct token_verifier *verifier = new_verifier(public_pem, "k1", "auth");
	struct token_claims claims;
	struct error err;
	char kid[TOKEN_KID_SIZE];

	for (int admin = 0; admin <= 1; admin++) {
		const char *token = user_token(signer, admin);

		assert_int_equal(token_verify(verifier, token, strlen(token), TOKEN_ACCESS,
					      "limitless", &claims, &err),
				 OK);
		assert_string_equal(claims.issuer, "auth");
		assert_string_equal(claims.subject, "user-1");
		assert_string_equal(claims.audience, "limitless");
		assert_string_equal(claims.type, TOKEN_ACCESS);
		assert_string_equal(claims.session_id, SESSION);
		assert_string_equal(claims.kid, "k1");
		assert_int_equal(claims.admin, admin);
		assert_in_range(claims.issued_at, now() - 5, now());
		assert_int_equal(claims.not_before, claims.issued_at);
		assert_in_range(claims.expires_at, now() + 890, now() + 900);
		assert_true(token_peek_kid(token, strlen(token), kid));
		assert_string_equal(kid, "k1");
	}
	token_signer_free(signer);
	token_verifier_free(verifier);
}

static void a_service_token_has_no_session(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "chat-1", "chat");
	struct token_verifier *verifier = new_verifier(public_pem, "chat-1", "chat");
	const struct token_claims wanted = {
		.subject = "chat",
		.audience = "credits",
		.type = TOKEN_SERVICE,
		.expires_at = now() + 300,
	};
	struct token_claims claims;
	struct error err;
	char *token;

	assert_int_equal(token_sign(signer, &wanted, arena, &token, &err), OK);
	assert_int_equal(token_verify(verifier, token, strlen(token), TOKEN_SERVICE, "credits",
				      &claims, &err),
			 OK);
	assert_string_equal(claims.session_id, "");
	assert_false(claims.admin);
	token_signer_free(signer);
	token_verifier_free(verifier);
}

/* A second implementation reads what libjwt signs; attack_test.c has it sign what we read. */
static void openssl_agrees(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "k1", "auth");
	BIO *bio = BIO_new_mem_buf(public_pem, -1);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	assert_non_null(key);
	for (int i = 0; i < 50; i++) { /* r and s begin with a zero byte now and then */
		const char *token = user_token(signer, true), *dot = strrchr(token, '.');
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		ECDSA_SIG *signature = ECDSA_SIG_new();
		uint8_t *raw, *der = NULL;
		size_t len;

		raw = base64url_decode(arena, dot + 1, strlen(dot + 1), &len);
		assert_int_equal(len, 64);
		ECDSA_SIG_set0(signature, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
		len = (size_t)i2d_ECDSA_SIG(signature, &der);
		assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
		assert_int_equal(EVP_DigestVerify(context, der, len, (const uint8_t *)token,
						  (size_t)(dot - token)),
				 1);
		OPENSSL_free(der);
		ECDSA_SIG_free(signature);
		EVP_MD_CTX_free(context);
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	token_signer_free(signer);
}

static void times_have_a_leeway(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "k1", "auth");
	struct token_verifier *verifier = new_verifier(public_pem, "k1", "auth");
	static const struct {
		int64_t issued, not_before, expires; /* seconds from now */
		const char *reason;                  /* NULL: accepted */
	} cases[] = {
		{-900, -900, 1, NULL},
		{-900, -900, -20, NULL}, /* within the leeway */
		{-900, -900, -31, "token_expired"},
		{20, 20, 900, NULL},
		{-10, 40, 900, "unauthenticated"},
		{40, -10, 900, "unauthenticated"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct token_claims wanted = {
			.subject = "u",
			.audience = "limitless",
			.type = TOKEN_ACCESS,
			.issued_at = now() + cases[i].issued,
			.not_before = now() + cases[i].not_before,
			.expires_at = now() + cases[i].expires,
		};
		struct token_claims claims = {.subject = "untouched"};
		struct error err;
		char *token;
		enum status s;

		assert_int_equal(token_sign(signer, &wanted, arena, &token, &err), OK);
		s = token_verify(verifier, token, strlen(token), TOKEN_ACCESS, "limitless", &claims,
				 &err);
		assert_int_equal(s, cases[i].reason ? UNAUTHENTICATED : OK);
		if (cases[i].reason) {
			assert_string_equal(err.reason, cases[i].reason);
			assert_string_equal(claims.subject, "untouched");
		}
	}
	token_signer_free(signer);
	token_verifier_free(verifier);
}

static char *public_key_on(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *pem;
	long len;

	assert_non_null(key);
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	len = BIO_get_mem_data(bio, &data);
	pem = arena_strndup(arena, data, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return pem;
}

static void bad_public_keys_are_refused(void **state)
{
	struct token_verifier *verifier = new_verifier(public_pem, "k1", NULL);
	const char *const pems[] = {
		"", "garbage", private_pem, public_key_on("P-384"), public_key_on("secp256k1"),
	};
	const struct token_key twins[] = {{"k2", public_pem, NULL}, {"k2", public_pem, NULL}};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(pems); i++) {
		const struct token_key key = {.kid = "k9", .public_pem = pems[i]};

		assert_int_equal(token_verifier_set(verifier, &key, 1, &err), INVALID_ARGUMENT);
	}
	assert_int_equal(token_verifier_set(verifier, twins, 2, &err), INVALID_ARGUMENT);
	assert_true(token_verifier_knows(verifier, "k1")); /* the old ones stay */
	assert_false(token_verifier_knows(verifier, "k2"));
	assert_false(token_verifier_knows(verifier, "k9"));
	token_verifier_free(verifier);
}

static void bad_signers_are_refused(void **state)
{
	struct token_verifier *verifier = token_verifier_new();
	char long_kid[TOKEN_KID_SIZE + 1];
	const char *const kids[] = {"",   "a b", "../k", "k'1", "ä",
				    ".k", "k.",  "k..2", ".",   long_kid};
	struct token_signer *signer = NULL;
	struct error err;

	memset(long_kid, 'k', TOKEN_KID_SIZE);
	long_kid[TOKEN_KID_SIZE] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kids); i++) {
		const struct token_key key = {.kid = kids[i], .public_pem = public_pem};

		assert_int_equal(token_verifier_set(verifier, &key, 1, &err), INVALID_ARGUMENT);
		assert_int_equal(token_signer_new(private_pem, kids[i], "auth", &signer, &err),
				 INVALID_ARGUMENT);
	}
	assert_int_equal(token_signer_new(public_pem, "k1", "auth", &signer, &err),
			 INVALID_ARGUMENT);
	assert_int_equal(token_signer_new(private_pem, "k1", "", &signer, &err), INVALID_ARGUMENT);
	assert_null(signer);
	token_verifier_free(verifier);
}

/* docs/modules/service.md: chat.2 beside chat. */
static void keys_are_rotated(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "chat", "chat"), *next;
	struct token_verifier *verifier = token_verifier_new();
	uint64_t signed_by = token_signer_version(signer);
	uint64_t verified_by = token_verifier_version(verifier);
	char *second_pem, *second_public, *token;
	struct token_claims claims = {.type = TOKEN_SERVICE,
				      .subject = "chat",
				      .audience = "auth",
				      .expires_at = clock_wall_us() / US_PER_S + 60};
	struct token_claims got;
	struct error err;

	assert_int_equal(token_key_generate(arena, &second_pem, &second_public, &err), OK);
	const struct token_key keys[] = {{"chat", public_pem, "chat"},
					 {"chat.2", second_public, "chat"}};

	assert_int_equal(token_verifier_set(verifier, keys, 2, &err), OK);
	assert_true(token_verifier_version(verifier) > verified_by);
	next = new_signer(second_pem, "chat.2", "chat");
	token_signer_replace(signer, next);
	assert_true(token_signer_version(signer) > signed_by);
	assert_int_equal(token_sign(signer, &claims, arena, &token, &err), OK);
	assert_int_equal(token_verifier_set(verifier, keys + 1, 1, &err), OK);
	assert_int_equal(
		token_verify(verifier, token, strlen(token), TOKEN_SERVICE, "auth", &got, &err),
		OK);
	assert_string_equal(got.kid, "chat.2");
	token_signer_free(signer);
	token_verifier_free(verifier);
}

static void coordinates_make_the_key_again(void **state)
{
	char *x, *y;
	struct error err;

	assert_int_equal(token_key_coordinates(public_pem, arena, &x, &y, &err), OK);
	assert_int_equal(strlen(x), 43); /* 32 bytes */
	assert_int_equal(strlen(y), 43);
	assert_int_equal(token_key_coordinates("x", arena, &x, &y, &err), INVALID_ARGUMENT);
}

struct race {
	struct token_verifier *verifier;
	const char *token;
	atomic_bool stop;
	atomic_int verified;
};

static void *verify_always(void *arg)
{
	struct race *race = arg;
	struct token_claims claims;
	struct error err;

	while (!atomic_load(&race->stop)) {
		if (token_verify(race->verifier, race->token, strlen(race->token), TOKEN_ACCESS,
				 "limitless", &claims, &err) != OK)
			return (void *)"refused";
		atomic_fetch_add(&race->verified, 1);
	}
	return NULL;
}

static void keys_are_replaced_beside_lookups(void **state)
{
	struct token_signer *signer = new_signer(private_pem, "k1", "auth");
	struct race race = {
		.verifier = new_verifier(public_pem, "k1", "auth"),
		.token = user_token(signer, false),
	};
	const struct token_key keys[] = {{"k2", public_pem, "auth"}, {"k1", public_pem, "auth"}};
	pthread_t threads[2];
	struct error err;
	void *failed;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, verify_always, &race), 0);
	for (int i = 0; i < 200 || atomic_load(&race.verified) < 50; i++)
		assert_int_equal(
			token_verifier_set(race.verifier, keys + i % 2, 2 - (size_t)i % 2, &err),
			OK);
	atomic_store(&race.stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	token_signer_free(signer);
	token_verifier_free(race.verifier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_come_back),
		cmocka_unit_test(a_service_token_has_no_session),
		cmocka_unit_test(openssl_agrees),
		cmocka_unit_test(times_have_a_leeway),
		cmocka_unit_test(bad_public_keys_are_refused),
		cmocka_unit_test(bad_signers_are_refused),
		cmocka_unit_test(keys_are_rotated),
		cmocka_unit_test(coordinates_make_the_key_again),
		cmocka_unit_test(keys_are_replaced_beside_lookups),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
