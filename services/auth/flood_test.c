/* A flood of log-ins at a server as main() makes it: the rest of auth does not notice, other
 * addresses get in, and the memory of hashes is bounded. */
#include "auth/auth_test.h"
#include "auth/password.h"
#include "runtime/base/clock.h"
#include "runtime/base/sanitizer.h"
#include "runtime/net/net.h"
#include "sql/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS 200
#define PAUSE_MS 50 /* of a client that was refused */
#define CALLS 200
#define LOG_INS 5
#define HASH_MEMORY (19LL << 20)
#define FLOOD_MS 20000 /* at most, until the figures are there */

struct client {
	struct rpc_context ctx;
};

static struct rpc_server *server;
static struct rpc_channel *channel;
static struct client clients[CLIENTS];
static _Atomic int running, served, refused, odd;
static _Atomic bool over;

/* ---------------------------------------------------------------- the server */

static void *worker_init(void *ctx)
{
	return db_new(ctx);
}

static void worker_done(void *worker, void *ctx)
{
	db_free(worker);
}

static void worker_call(void *worker, struct rpc_call *call, void *ctx)
{
	db_set_deadline(worker, call->ctx.deadline_us);
}

static void restart_hash(int64_t memory_bytes, int64_t passes)
{
	const struct password_options options = {.memory_bytes = memory_bytes, .passes = passes};
	struct error err;

	assert_int_equal(password_start(&test_auth.passwords, &options, &err), OK);
}

static int begin(void **state)
{
	static char url[64], dsn[256];
	static struct db_options db;
	const char *const listen[] = {url, NULL};
	const struct rpc_server_options options = {
		.listen = listen,
		.heavy = auth_heavy(&test_conf.service),
		.worker_init = worker_init,
		.worker_done = worker_done,
		.worker_call = worker_call,
		.worker_ctx = &db,
		.state = &test_auth,
	};
	const struct rpc_channel_options client = {.target = url, .service = "auth"};
	struct error err;

	snprintf(url, sizeof(url), "ipc:///tmp/auth-flood-test-%d", getpid());
	snprintf(dsn, sizeof(dsn), "%s", pg_dsn("auth_app"));
	db = (struct db_options){
		.dsn = dsn, .statements = sql_auth_all, .before_wait = rpc_answers_send};
	restart_hash(HASH_MEMORY, 2);
	server = rpc_server_new(&options);
	rpc_server_register(server, auth_v1_handlers, auth_v1_handlers_n);
	assert_int_equal(rpc_server_start(server, &err), OK);
	channel = rpc_channel_open(&client);
	running = served = refused = odd = 0;
	over = false;
	return 0;
}

static int end(void **state)
{
	rpc_channel_close(channel);
	rpc_server_drain(server);
	rpc_server_free(server);
	restart_hash(test_conf.hash_memory_bytes, test_conf.hash_passes);
	pg_exec("DELETE FROM auth.account");
	return 0;
}

/* ---------------------------------------------------------------- clients */

static void begin_log_in(void *ctx);

static void on_reply(void *ctx, enum status status, const ProtobufCMessage *resp,
		     const struct error *err)
{
	bool busy = status == RESOURCE_EXHAUSTED;

	served += status == UNAUTHENTICATED;
	refused += busy && strcmp(err->reason, "login_busy") == 0;
	odd += !busy && status != UNAUTHENTICATED && !over;
	if (over)
		running--;
	else if (busy)
		net_timer_start(clock_mono_us() + PAUSE_MS * US_PER_MS, begin_log_in, ctx);
	else
		begin_log_in(ctx);
}

static void begin_log_in(void *ctx)
{
	struct client *client = ctx;
	/* On a busy machine a place in the queue takes longer than the method's own deadline. */
	const struct rpc_call_options options = {.parent = &client->ctx, .timeout_ms = FLOOD_MS};
	Auth__V1__LogInRequest req = AUTH__V1__LOG_IN_REQUEST__INIT;

	req.email = (char *)"nobody@example.com";
	req.password = (char *)"not the password";
	auth_v1_log_in_async(channel, &options, &req, on_reply, client);
}

/* addresses: from how many the clients come. */
static void flood(int addresses)
{
	running = CLIENTS;
	for (int i = 0; i < CLIENTS; i++) {
		memset(&clients[i], 0, sizeof(clients[i]));
		snprintf(clients[i].ctx.client_address, sizeof(clients[i].ctx.client_address),
			 "192.0.2.%d", 1 + i % addresses);
		begin_log_in(&clients[i]);
	}
}

static void flood_ends(void)
{
	over = true;
	for (int64_t until = clock_mono_us() + FLOOD_MS * US_PER_MS; running > 0; usleep(1000))
		assert_true(clock_mono_us() < until);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct figures {
	int64_t p50, p99; /* us */
};

static struct figures figures_of(int64_t *us, size_t n)
{
	qsort(us, n, sizeof(us[0]), by_value);
	return (struct figures){us[n / 2], us[n * 99 / 100]};
}

/* Every call must be served. */
static struct figures get_me(const struct rpc_context *ada)
{
	const struct rpc_call_options options = {.parent = ada};
	const Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
	struct arena *arena = arena_new(4096, 65536);
	int64_t us[CALLS];

	for (int i = 0; i < CALLS; i++) {
		int64_t start = clock_mono_us();
		Auth__V1__User *resp;
		struct error err;

		if (auth_v1_get_me_call(channel, &options, &req, arena, &resp, &err) != OK)
			fail_msg("GetMe %d: %s", i, err.message);
		us[i] = clock_mono_us() - start;
		arena_reset(arena);
	}
	arena_free(arena);
	return figures_of(us, CALLS);
}

/* As a person from an address of his own; every one must get in. */
static struct figures log_in(const char *email, enum status expected)
{
	struct rpc_context ctx = {.client_address = "198.51.100.7"};
	const struct rpc_call_options options = {.parent = &ctx};
	struct arena *arena = arena_new(4096, 65536);
	int64_t us[LOG_INS];

	for (int i = 0; i < LOG_INS; i++) {
		Auth__V1__LogInRequest req = AUTH__V1__LOG_IN_REQUEST__INIT;
		int64_t start = clock_mono_us();
		Auth__V1__Session *resp;
		struct error err = {0};

		req.email = (char *)email;
		req.password = (char *)TEST_PASSWORD;
		if (auth_v1_log_in_call(channel, &options, &req, arena, &resp, &err) != expected)
			fail_msg("LogIn %d: %s", i, err.message);
		us[i] = clock_mono_us() - start;
	}
	arena_free(arena);
	return figures_of(us, LOG_INS);
}

static void sign_up(const char *email, struct rpc_context *ret)
{
	struct rpc_call *call = test_auth_call(pg_db("auth_app", sql_auth_all));

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->subject.user_id, test_sign_up(call, email)->user->id, UUID_SIZE);
	db_free(service_db(call));
	test_call_free(call);
}

/* ---------------------------------------------------------------- the tests */

/* Log-ins that wait for a hash hold up no other call. A cheap call takes at most a twentieth of the
 * time of a log-in beside it, on any machine. */
static void beside(int addresses)
{
	struct rpc_context ada;
	struct figures idle, during, log_ins;

	sign_up("ada@example.com", &ada);
	idle = get_me(&ada);
	flood(addresses);
	for (int64_t until = clock_mono_us() + FLOOD_MS * US_PER_MS; refused == 0; usleep(1000))
		assert_true(clock_mono_us() < until); /* the queue is full from here on */
	during = get_me(&ada);
	log_ins = log_in("ada@example.com", OK);
	flood_ends();
	print_message("%d clients from %d addresses: GetMe p50 %lld, p99 %lld us, idle %lld, %lld; "
		      "another address logs in in %lld ms; %d of the flood served, %d refused\n",
		      CLIENTS, addresses, (long long)during.p50, (long long)during.p99,
		      (long long)idle.p50, (long long)idle.p99, (long long)log_ins.p50 / 1000,
		      served, refused);
	assert_int_equal(odd, 0);
	assert_true(during.p50 < log_ins.p50 / 20);
}

static void one_address_floods(void **state)
{
	beside(1);
}

static void four_addresses_flood(void **state)
{
	beside(4);
}

/* Largest resident memory since it was reset. */
static int64_t peak_bytes(bool reset)
{
	FILE *file =
		fopen(reset ? "/proc/self/clear_refs" : "/proc/self/status", reset ? "w" : "r");
	char line[256];
	long kib = 0;

	assert_non_null(file);
	if (reset)
		fputs("5", file);
	while (!reset && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(file);
	return (int64_t)kib * 1024;
}

static void memory_is_bounded(void **state)
{
	int64_t before, grown;

	log_in("nobody@example.com", UNAUTHENTICATED);
	peak_bytes(true);
	before = peak_bytes(false);
	flood(CLIENTS);
	for (int64_t until = clock_mono_us() + FLOOD_MS * US_PER_MS; served < 40; usleep(1000))
		assert_true(clock_mono_us() < until);
	grown = peak_bytes(false) - before;
	flood_ends();
	print_message("%d clients, %lld hashes at a time: %lld MiB more at the peak\n", CLIENTS,
		      (long long)test_conf.hash_concurrency, (long long)(grown >> 20));
#if !SANITIZER_ADDRESS && !SANITIZER_THREAD /* they keep freed memory */
	assert_true(grown < (test_conf.hash_concurrency + 1) * HASH_MEMORY);
#endif
}

int flood_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_address_floods, begin, end),
		cmocka_unit_test_setup_teardown(four_addresses_flood, begin, end),
		cmocka_unit_test_setup_teardown(memory_is_bounded, begin, end),
	};

	return cmocka_run_group_tests_name("floods", tests, NULL, NULL);
}
