#include "runtime/base/digest.h"

#include "runtime/base/ensure.h"

#include <openssl/evp.h>
#include <pthread.h>

static EVP_MD *sha256, *sha1; /* found once, kept until the process ends */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	ensure(sha256 && sha1);
}

static void digest(EVP_MD *const *md, const void *head, size_t head_len, const void *rest,
		   size_t rest_len, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	pthread_once(&once, find);
	ensure(ctx && EVP_DigestInit_ex2(ctx, *md, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, head, head_len) == 1 &&
	       EVP_DigestUpdate(ctx, rest, rest_len) == 1 &&
	       EVP_DigestFinal_ex(ctx, out, NULL) == 1);
	EVP_MD_CTX_free(ctx);
}

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SHA256_SIZE])
{
	digest(&sha256, data, len, NULL, 0, out);
}

void digest_sha1(const void *head, size_t head_len, const void *rest, size_t rest_len,
		 uint8_t out[DIGEST_SHA1_SIZE])
{
	digest(&sha1, head, head_len, rest, rest_len, out);
}
