/* Right and wrong callers: service tokens, their keys, and client certificates. */
#include "runtime/rpc/rpc.h"

#include "grpc/health/v1/health.pb-c.h"
#include "runtime/base/ensure.h"
#include "runtime/token/token.h"
#include "tests/lib/rpc_pair.h"
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------------ service tokens */

enum { GATEWAY, BILLING, CHAT, NEW_CHAT, N_KEYS };

static struct {
	struct arena *arena;
	struct token_key keys[N_KEYS];
	char *private_pem[N_KEYS];
	struct token_verifier *verifier;
} ids;

static int make_keys(void **state)
{
	static const char *const names[] = {"gateway", "billing", "chat", "chat"};
	static const char *const kids[] = {"gateway-1", "billing-1", "chat-1", "chat-2"};
	struct error err;
	char *public_pem;

	ids.arena = arena_new(4096, 1 << 20);
	ids.verifier = token_verifier_new();
	for (int i = 0; i < N_KEYS; i++) {
		assert_int_equal(
			token_key_generate(ids.arena, &ids.private_pem[i], &public_pem, &err), OK);
		ids.keys[i] = (struct token_key){kids[i], public_pem, names[i]};
	}
	return token_verifier_set(ids.verifier, ids.keys, NEW_CHAT, &err) == OK ? 0 : -1;
}

static int drop_keys(void **state)
{
	token_verifier_free(ids.verifier);
	arena_free(ids.arena);
	return 0;
}

/* A server named "credits"; tokens by that key under that name. name NULL: no signer. */
static void open_as(struct pair *pair, int key, const char *name, const char *audience,
		    struct token_signer **signer)
{
	struct error err;

	*signer = NULL;
	if (name)
		assert_int_equal(token_signer_new(ids.private_pem[key], ids.keys[key].kid, name,
						  signer, &err),
				 OK);
	pair_open(pair, (struct rpc_server_options){.verifier = ids.verifier, .service = "credits"},
		  (struct rpc_channel_options){.signer = *signer, .service = audience});
}

static void expect(struct pair *pair, const struct rpc_method *method,
		   const struct rpc_call_options *options, enum status status, const char *reason)
{
	struct error err;

	assert_int_equal(pair_call(pair, method, "x", options, NULL, &err), status);
	assert_string_equal(status == OK ? reason : err.reason, reason);
}

/* A peer's rights: to call as a user whom it names, to call what is for billing, to call at all. */
static void expect_peer(int key, const char *name, const char *audience, enum status user,
			enum status service, enum status any)
{
	static const struct rpc_context ada = {
		.subject = {"u-1", "s-1", true, "0192f0c1-7b5a-7c3e-9d3e-444444444444", "FINISH"}};
	static const struct rpc_call_options as_ada = {.parent = &ada};
	struct token_signer *signer;
	struct pair pair;
	const char *who;
	struct error err;

	open_as(&pair, key, name, audience, &signer);
	expect(&pair, &pair_user, &as_ada, user, user == OK ? "" : "unauthenticated");
	expect(&pair, &pair_admin, &as_ada, user, user == OK ? "" : "unauthenticated");
	expect(&pair, &pair_service, &as_ada, service,
	       service == OK ? "" : (any == OK ? "caller_refused" : "unauthenticated"));
	/* A key counts from the gateway alone, as its user does. */
	if (user == OK) {
		assert_int_equal(pair_call(&pair, &pair_user, "key", &as_ada, &who, &err), OK);
		assert_string_equal(who, "0192f0c1-7b5a-7c3e-9d3e-444444444444|FINISH");
	} else if (service == OK) {
		assert_int_equal(pair_call(&pair, &pair_service, "key", &as_ada, &who, &err), OK);
		assert_string_equal(who, "|");
	}
	assert_int_equal(pair_call(&pair, &pair_inline, "caller", &as_ada, &who, &err), any);
	if (any == OK)
		assert_string_equal(who, name);
	pair_close(&pair);
	token_signer_free(signer);
}

static void a_method_lets_in_those_that_it_names(void **state)
{
	expect_peer(GATEWAY, "gateway", "credits", OK, PERMISSION_DENIED, OK);
	expect_peer(BILLING, "billing", "credits", UNAUTHENTICATED, OK, OK);
	/* A forged x-user-id: only the gateway may say for whom it calls. */
	expect_peer(CHAT, "chat", "credits", UNAUTHENTICATED, PERMISSION_DENIED, OK);
	/* A token for another service, the name of another service, a key that is not known, and
	 * no token at all. */
	expect_peer(BILLING, "billing", "images", UNAUTHENTICATED, UNAUTHENTICATED,
		    UNAUTHENTICATED);
	expect_peer(CHAT, "gateway", "credits", UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED);
	expect_peer(NEW_CHAT, "chat", "credits", UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED);
	expect_peer(0, NULL, "credits", UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED);
}

/* A token made by hand: seconds that it is good for, from now; type. */
static void expect_token(struct pair *pair, int64_t seconds, const char *type, enum status status,
			 const char *reason)
{
	struct token_claims claims = {.subject = "billing", .audience = "credits"};
	struct rpc_metadata shown = {.key = "x-service-token"};
	const struct rpc_call_options options = {.metadata = &shown, .n_metadata = 1};
	struct token_signer *signer;
	struct error err;
	char *token;

	snprintf(claims.type, sizeof(claims.type), "%s", type);
	claims.issued_at = clock_wall_us() / US_PER_S - 1000;
	claims.expires_at = clock_wall_us() / US_PER_S + seconds;
	assert_int_equal(
		token_signer_new(ids.private_pem[BILLING], "billing-1", "billing", &signer, &err),
		OK);
	assert_int_equal(token_sign(signer, &claims, ids.arena, &token, &err), OK);
	shown.value = token;
	shown.len = strlen(token);
	expect(pair, &pair_service, &options, status, reason);
	token_signer_free(signer);
}

static void a_token_is_good_until_it_ends(void **state)
{
	struct token_signer *none;
	struct pair pair;

	open_as(&pair, 0, NULL, "credits", &none);
	expect_token(&pair, 60, TOKEN_SERVICE, OK, "");
	expect_token(&pair, -60, TOKEN_SERVICE, UNAUTHENTICATED, "token_expired");
	expect_token(&pair, 60, TOKEN_ACCESS, UNAUTHENTICATED, "unauthenticated");
	/* A token that was shown before helps no later call of the connection. */
	expect(&pair, &pair_service, NULL, UNAUTHENTICATED, "unauthenticated");
	pair_close(&pair);
}

/* The new key is made known, then used, then the old one is taken away: no call fails meanwhile. */
static void keys_change_without_a_refusal(void **state)
{
	struct error err;

	expect_peer(CHAT, "chat", "credits", UNAUTHENTICATED, PERMISSION_DENIED, OK);
	assert_int_equal(token_verifier_set(ids.verifier, ids.keys, N_KEYS, &err), OK);
	expect_peer(CHAT, "chat", "credits", UNAUTHENTICATED, PERMISSION_DENIED, OK);
	expect_peer(NEW_CHAT, "chat", "credits", UNAUTHENTICATED, PERMISSION_DENIED, OK);
	assert_int_equal(token_verifier_set(ids.verifier, ids.keys + NEW_CHAT, 1, &err), OK);
	expect_peer(NEW_CHAT, "chat", "credits", UNAUTHENTICATED, PERMISSION_DENIED, OK);
	expect_peer(CHAT, "chat", "credits", UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED);
	assert_int_equal(token_verifier_set(ids.verifier, ids.keys, NEW_CHAT, &err), OK);
}

/* Health is for probes, which have no token. */
static void health_answers_without_a_token(void **state)
{
	static const struct rpc_method check = {
		.path = "/grpc.health.v1.Health/Check",
		.kind = RPC_UNARY,
		.req = &grpc__health__v1__health_check_request__descriptor,
		.resp = &grpc__health__v1__health_check_response__descriptor,
	};
	Grpc__Health__V1__HealthCheckRequest req = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	struct token_signer *none;
	ProtobufCMessage *resp;
	struct error err;
	struct pair pair;

	open_as(&pair, 0, NULL, "credits", &none);
	assert_int_equal(
		rpc_call_blocking(pair.channel, &check, NULL, &req.base, pair.arena, &resp, &err),
		OK);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ client certificates */

struct certificate {
	EVP_PKEY *key;
	X509 *x509;
	char certificate_file[64], key_file[64];
};

static char folder[] = "/tmp/rpc_identity_XXXXXX";

static void write_files(struct certificate *made, const char *name)
{
	FILE *file;

	snprintf(made->certificate_file, sizeof(made->certificate_file), "%s/%s.pem", folder, name);
	snprintf(made->key_file, sizeof(made->key_file), "%s/%s.key", folder, name);
	file = fopen(made->certificate_file, "w");
	ensure(file && PEM_write_X509(file, made->x509) == 1 && fclose(file) == 0);
	file = fopen(made->key_file, "w");
	ensure(file && PEM_write_PrivateKey(file, made->key, NULL, NULL, 0, NULL, NULL) == 1 &&
	       fclose(file) == 0);
}

static void extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	ensure(extension && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* by NULL: an authority, signed by itself. */
static struct certificate certify(const char *name, const struct certificate *by,
				  long valid_seconds)
{
	struct certificate made = {EVP_EC_gen("P-256"), X509_new(), "", ""};
	X509_NAME *subject = X509_get_subject_name(made.x509);

	ensure(made.key && subject);
	X509_set_version(made.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made.x509), (long)strlen(name));
	X509_gmtime_adj(X509_getm_notBefore(made.x509), -86400);
	X509_gmtime_adj(X509_getm_notAfter(made.x509), valid_seconds);
	X509_set_pubkey(made.x509, made.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(made.x509, by ? X509_get_subject_name(by->x509) : subject);
	extend(made.x509, NID_basic_constraints, by ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (by)
		extend(made.x509, NID_subject_alt_name, "DNS:credits");
	ensure(X509_sign(made.x509, by ? by->key : made.key, EVP_sha256()) > 0);
	write_files(&made, name);
	return made;
}

static void certificate_done(struct certificate *certificate)
{
	unlink(certificate->certificate_file);
	unlink(certificate->key_file);
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
}

/* Standard error goes to a file meanwhile: what both sides said. */
static int quiet_fd;
static char said[16384];

static void listen_in(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/log", folder);
	fflush(stderr);
	quiet_fd = dup(STDERR_FILENO);
	ensure(quiet_fd >= 0 && freopen(name, "w+", stderr));
}

static void listen_end(void)
{
	char name[64];
	ssize_t n;

	snprintf(name, sizeof(name), "%s/log", folder);
	fflush(stderr);
	n = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);
	ensure(n >= 0 && dup2(quiet_fd, STDERR_FILENO) >= 0);
	said[n] = '\0';
	close(quiet_fd);
	unlink(name);
}

static void expect_tls(const struct certificate *server, const struct certificate *authority,
		       const struct certificate *client, const struct certificate *trusted,
		       const char *server_name, bool good)
{
	static const char *const listen[] = {"tls+tcp://127.0.0.1:0", NULL};
	struct error err;
	struct pair pair;
	enum status s;

	listen_in();
	pair_open(&pair,
		  (struct rpc_server_options){.listen = listen,
					      .tls_certificate_file = server->certificate_file,
					      .tls_key_file = server->key_file,
					      .tls_ca_file = authority->certificate_file},
		  (struct rpc_channel_options){.tls_certificate_file =
						       client ? client->certificate_file : NULL,
					       .tls_key_file = client ? client->key_file : NULL,
					       .tls_ca_file = trusted->certificate_file,
					       .tls_server_name = server_name});
	s = pair_call(&pair, &pair_inline, "x", NULL, NULL, &err);
	pair_close(&pair);
	listen_end();
	assert_int_equal(s, good ? OK : UNAVAILABLE);
	assert_int_equal(strstr(said, "rpc_connect_failed") != NULL, !good);
	if (strstr(said, "tls_client_refused") == NULL && !good)
		fail_msg("the server said nothing: %s", said);
}

static void both_ends_check_certificates(void **state)
{
	struct certificate ca, other_ca, server, client, stranger, expired;

	ensure(mkdtemp(folder));
	ca = certify("ca", NULL, 86400);
	other_ca = certify("other-ca", NULL, 86400);
	server = certify("server", &ca, 86400);
	client = certify("client", &ca, 86400);
	stranger = certify("stranger", &other_ca, 86400);
	expired = certify("expired", &ca, -3600);
	expect_tls(&server, &ca, &client, &ca, "credits", true);
	expect_tls(&server, &ca, &stranger, &ca, "credits", false);
	expect_tls(&server, &ca, &expired, &ca, "credits", false);
	expect_tls(&server, &ca, NULL, &ca, "credits", false);
	/* The client checks too: another authority, another name, an expired server. */
	expect_tls(&server, &ca, &client, &other_ca, "credits", false);
	expect_tls(&server, &ca, &client, &ca, "images", false);
	expect_tls(&expired, &ca, &client, &ca, "credits", false);
	certificate_done(&ca);
	certificate_done(&other_ca);
	certificate_done(&server);
	certificate_done(&client);
	certificate_done(&stranger);
	certificate_done(&expired);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_method_lets_in_those_that_it_names),
		cmocka_unit_test(a_token_is_good_until_it_ends),
		cmocka_unit_test(keys_change_without_a_refusal),
		cmocka_unit_test(health_answers_without_a_token),
		cmocka_unit_test(both_ends_check_certificates),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
