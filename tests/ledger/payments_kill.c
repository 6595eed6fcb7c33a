/* SIGKILL at every step of a purchase and its refund in payments: the N-th write or send is the
 * last thing that the service does, for N = 1, 2, … until both are booked. After each kill it
 * starts again, the buyer asks again with the same key and Stripe sends its events again. Then
 * there is one payment, credited once and taken back once, here and in the stand-in's own table. In
 * TAP.
 *
 *   payments_kill [SECONDS [SEED]]   begins no point after so many seconds; default: runs all. The
 *                                    seed decides their order; it is printed. */
#include "tests/ledger/killer.h"

#include "payments/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/http/http.h"
#include "runtime/log/log.h"
#include "tests/lib/pg.h"
#include "tests/lib/process.h"
#include "tools/limitless/tool.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SECRET "whsec_kill"
#define POINTS_MAX 1000 /* more means that the flow never ends */
#define PATIENCE_US (30 * US_PER_S)
#define POSTED "400000000 0" /* gift of 100, bought 500, 200 taken back; nothing held */

static char scratch[64], stripe_url[64], payments_more[1024];
static struct process credits = {.service = "credits", .more = "workers: 2\n"};
static struct process payments = {.service = "payments",
				  .more = payments_more,
				  .peers = (const struct process *const[]){&credits, NULL}};
static struct rpc_channel *channel;
static struct http_client *http;
static struct killer *killer;
static pid_t standin;
static struct error last_error; /* of a call of payments */

/* ---------------------------------------------------------------- what runs */

static struct killer *killer_new(char environment[128])
{
	void *map;
	int fd;

	snprintf(environment, 128, "KILL_FILE=%s/payments", scratch);
	fd = open(environment + strlen("KILL_FILE="), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ensure(fd >= 0 && ftruncate(fd, sizeof(struct killer)) == 0);
	map = mmap(NULL, sizeof(struct killer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ensure(map != MAP_FAILED);
	close(fd);
	return map;
}

/* A port that nobody has at this moment. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ensure(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
	       getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void start_standin(void)
{
	char listen[64], program[PATH_MAX], log[128];
	int port = free_port();

	snprintf(stripe_url, sizeof stripe_url, "http://127.0.0.1:%d", port);
	snprintf(listen, sizeof listen, "tcp://127.0.0.1:%d", port);
	snprintf(program, sizeof program, "%s/bin/standin", process_build());
	snprintf(log, sizeof log, "%s/standin.log", scratch);
	standin = fork();
	ensure(standin >= 0);
	if (standin == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("LIMITLESS_STANDIN_LISTEN", listen, 1);
		dup2(fd, STDERR_FILENO);
		execl(program, "standin", (char *)NULL);
		_exit(127);
	}
}

static void start_all(void)
{
	static char preload[PATH_MAX], kill_file[128];
	static const char *const environment[] = {preload, kill_file, NULL};
	char root[PATH_MAX];

	snprintf(scratch, sizeof scratch, "/tmp/limitless-kill-XXXXXX");
	ensure(mkdtemp(scratch) && realpath(process_build(), root));
	ensure((size_t)snprintf(preload, sizeof preload,
				"LD_PRELOAD=%.4000s/test/tests/ledger/killer.so",
				root) < sizeof preload);
	killer = killer_new(kill_file);
	start_standin();
	pg_start();
	pg_migrate("credits");
	pg_migrate("payments");
	process_start(&credits);
	snprintf(payments_more, sizeof payments_more,
		 "workers: 2\nbackoff_initial: 10ms\nbackoff_max: 100ms\n"
		 "stripe:\n  secret_key: sk_test_kill\n  webhook_secrets: " SECRET
		 "\n  api_url: \"%s\"\n",
		 stripe_url);
	payments.environment = environment;
	process_start(&payments);
	channel = process_channel(&payments);
	http = http_client_new(&(struct http_client_options){0});
}

static void stop_all(void)
{
	rpc_channel_close(channel);
	http_client_free(http);
	process_free(&payments);
	process_free(&credits);
	kill(standin, SIGKILL);
	waitpid(standin, NULL, 0);
	pg_stop();
	tool_remove(scratch);
}

/* ---------------------------------------------------------------- Stripe's side */

static json_t *stripe(const char *method, const char *path, const char *key, const char *form)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(65536, 32 << 20);
	const char *headers[] = {
		key ? arena_printf(arena, "Idempotency-Key: %s", key) : "X-None: 1", NULL};
	const struct http_request request = {
		.method = method,
		.url = *path == '/' ? arena_printf(arena, "%s%s", stripe_url, path) : path,
		.headers = headers,
		.body = form,
		.body_len = strlen(form),
	};
	struct http_answer answer;
	struct error err;

	if (http_call(http, &request, arena, &answer, &err) != OK)
		return NULL;
	return json_loadb((const char *)answer.body, answer.body_len, 0, NULL);
}

/* The newest payment intent of the payment; *ret_n: how many there are. */
static json_t *intent_of(const char *payment, int *ret_n)
{
	json_t *list = stripe("GET", "/v1/payment_intents?limit=100", NULL, "");
	json_t *found = NULL, *intent;
	size_t i;

	*ret_n = 0;
	json_array_foreach(json_object_get(list, "data"), i, intent)
	{
		const char *of = json_string_value(
			json_object_get(json_object_get(intent, "metadata"), "payment"));

		if (!of || strcmp(of, payment) != 0)
			continue;
		++*ret_n;
		json_decref(found);
		found = json_incref(intent);
	}
	json_decref(list);
	return found;
}

/* ---------------------------------------------------------------- payments' side */

static bool armed_and_dead(void)
{
	return killer->left == 0;
}

static bool check_out(const char *user, const char *key, struct arena *arena, char **ret_payment,
		      char **ret_url)
{
	Payments__V1__CreateCheckoutSessionRequest req =
		PAYMENTS__V1__CREATE_CHECKOUT_SESSION_REQUEST__INIT;
	struct rpc_context context = {0};
	ProtobufCMessage *answer;

	req.package = (char *)"starter";
	snprintf(context.subject.user_id, UUID_SIZE, "%s", user);
	snprintf(context.idempotency_key, sizeof context.idempotency_key, "%s", key);
	if (rpc_call_blocking(channel, &payments_v1_create_checkout_session_method,
			      &(struct rpc_call_options){.parent = &context}, &req.base, arena,
			      &answer, &last_error) != OK)
		return false;
	*ret_payment = ((Payments__V1__CheckoutSession *)answer)->payment;
	*ret_url = ((Payments__V1__CheckoutSession *)answer)->url;
	return true;
}

static bool tell(const char *event_id, const char *type, json_t *object, struct arena *arena)
{
	Payments__V1__StripeWebhookRequest req = PAYMENTS__V1__STRIPE_WEBHOOK_REQUEST__INIT;
	Google__Api__HttpBody body = GOOGLE__API__HTTP_BODY__INIT;
	json_t *event = json_pack("{s:s, s:s, s:s, s:I, s:b, s:{s:O}}", "id", event_id, "object",
				  "event", "type", type, "created", (json_int_t)1795260000,
				  "livemode", 0, "data", "object", object);
	char *text = json_dumps(event, JSON_COMPACT), hex[65];
	int64_t seconds = clock_wall_us() / US_PER_S;
	const char *signed_text = arena_printf(arena, "%" PRId64 ".%s", seconds, text);
	unsigned char mac[32];
	ProtobufCMessage *answer;
	enum status s;

	HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), (const uint8_t *)signed_text,
	     strlen(signed_text), mac, NULL);
	hex_encode(mac, sizeof mac, hex);
	body.data.data = (uint8_t *)text;
	body.data.len = strlen(text);
	req.body = &body;
	req.stripe_signature = arena_printf(arena, "t=%" PRId64 ",v1=%s", seconds, hex);
	s = rpc_call_blocking(channel, &payments_v1_stripe_webhook_method,
			      &(struct rpc_call_options){0}, &req.base, arena, &answer,
			      &last_error);
	free(text);
	json_decref(event);
	return s == OK;
}

static const char *log_end(void)
{
	static char text[16384];
	char path[PATH_MAX];
	FILE *file;
	size_t n = 0;

	snprintf(path, sizeof path, "%s/output", payments.directory);
	file = fopen(path, "re");
	if (file) {
		if (fseek(file, -(long)sizeof text + 1, SEEK_END) < 0)
			rewind(file);
		n = fread(text, 1, sizeof text - 1, file);
		fclose(file);
	}
	text[n] = '\0';
	return text;
}

/* Says all that may explain a condition that does not come to hold. */
static void give_up(const char *condition)
{
	printf("# not within %d s: %s\n# last error: %s\n# calls: %s\n# log of payments:\n%s\n",
	       (int)(PATIENCE_US / US_PER_S), condition, last_error.message,
	       pg_value("SELECT string_agg(concat_ws(' ', method, attempts, next_time - lc.now(), "
			"refused), ', ') FROM payments.outbox WHERE done_time IS NULL"),
	       log_end());
	fflush(stdout);
	abort();
}

/* True when the condition came to hold; false when the killer struck. */
#define INSIST(condition)                                                   \
	({                                                                  \
		int64_t insist_end_us = clock_mono_us() + PATIENCE_US;      \
		bool insist_done;                                           \
		while (!(insist_done = (condition)) && !armed_and_dead()) { \
			if (clock_mono_us() > insist_end_us)                \
				give_up(#condition);                        \
			usleep(2000);                                       \
		}                                                           \
		insist_done;                                                \
	})

static bool is_booked(const char *user)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT credits_posted - debits_posted || ' ' || debits_pending FROM "
		 "credits.account WHERE id = '%s'",
		 user);
	return strcmp(pg_value(sql), POSTED) == 0;
}

/* Buys, pays, gets a part back. False: the killer struck on the way. */
static bool go(const char *user, const char *key, char payment[UUID_SIZE])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(65536, 64 << 20);
	_cleanup_(json_decrefp) json_t *paid = NULL, *intent = NULL, *refund = NULL;
	char *id, *url;
	const char *form;
	int n;

	if (!INSIST(check_out(user, key, arena, &id, &url)))
		return false;
	snprintf(payment, UUID_SIZE, "%s", id);
	paid = stripe("POST", url, NULL, "");
	intent = intent_of(id, &n);
	ensure(intent);
	if (!INSIST(tell(arena_printf(arena, "evt_paid_%s", key), "payment_intent.succeeded",
			 intent, arena)))
		return false;
	form = arena_printf(arena, "payment_intent=%s&amount=200",
			    json_string_value(json_object_get(intent, "id")));
	refund = stripe("POST", "/v1/refunds", key, form);
	ensure(refund);
	return INSIST(tell(arena_printf(arena, "evt_back_%s", key), "refund.created", refund,
			   arena)) &&
	       INSIST(is_booked(user));
}

/* ---------------------------------------------------------------- points */

static void revive(void)
{
	int64_t end_us = clock_mono_us() + PATIENCE_US;

	while (!process_ended(&payments)) { /* it is dying */
		ensure(clock_mono_us() < end_us);
		usleep(1000);
	}
	process_start(&payments);
	/* A call that the dead process was about to deliver is due after 30 s; here at once. */
	pg_exec("UPDATE payments.outbox SET next_time = lc.now() WHERE done_time IS NULL");
}

/* Checks the end. False: a line names the condition that does not hold. */
static bool check(const char *user, const char *payment)
{
	char sql[600];
	json_t *intent;
	const char *got;
	int n;

	snprintf(sql, sizeof sql,
		 "SELECT (SELECT count(*) FROM payments.payment WHERE user_id = '%s') || ' ' || "
		 "(SELECT string_agg(kind::text, ' ' ORDER BY seq) FROM credits.transfer WHERE "
		 "account_id = '%s') || ' ' || (SELECT count(*) FROM credits.violation) || ' ' || "
		 "(SELECT count(*) FROM payments.outbox WHERE refused IS NOT NULL)",
		 user, user);
	got = pg_value(sql);
	if (strcmp(got, "1 gift purchase refund 0 0") != 0) {
		printf("# %s\n", got);
		return false;
	}
	intent = intent_of(payment, &n);
	json_decref(intent);
	if (n != 1)
		printf("# Stripe has %d payments\n", n);
	return n == 1;
}

/* *ret_killed false: the flow came to its end before. */
static bool run_point(int n, bool after, bool *ret_killed)
{
	char user[UUID_SIZE], key[UUID_SIZE], payment[UUID_SIZE];

	uuid_v7(user);
	uuid_v7(key);
	killer->after = after;
	killer->left = n;
	go(user, key, payment);
	*ret_killed = atomic_exchange(&killer->left, -1) <= 0;
	if (*ret_killed)
		revive();
	return go(user, key, payment) && check(user, payment);
}

/* How many writes the flow has when nobody is killed. */
static int count_writes(void)
{
	bool killed, good = run_point(POINTS_MAX, false, &killed);
	int writes = 0;
	char user[UUID_SIZE], key[UUID_SIZE], payment[UUID_SIZE];

	ensure(good && !killed);
	uuid_v7(user);
	uuid_v7(key);
	killer->left = POINTS_MAX;
	ensure(go(user, key, payment));
	writes = POINTS_MAX - atomic_exchange(&killer->left, -1);
	ensure(writes > 0); /* else the killer is not in that process */
	return writes;
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : INT_MAX;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : random_below(1000000000);
	int order[2 * POINTS_MAX], n, test = 0, killed_n = 0, failures = 0;
	int64_t end_us;

	log_init("test", LOG_LEVEL_ERROR);
	start_all();
	end_us = clock_mono_us() + seconds * US_PER_S;
	n = 2 * count_writes();
	for (int i = 0; i < n; i++)
		order[i] = i;
	srandom((unsigned)seed);
	for (int i = n - 1; i > 0; i--) {
		int other = (int)(random() % (i + 1)), kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (; test < n && clock_mono_us() < end_us; test++) {
		int at = order[test] / 2 + 1;
		bool after = order[test] % 2, killed, good = run_point(at, after, &killed);

		killed_n += killed;
		failures += !good;
		printf("%sok %d - %s %s write %d\n", good ? "" : "not ", test + 1,
		       killed ? "killed" : "at its end", after ? "after" : "before", at);
		fflush(stdout);
	}
	printf("1..%d\n# seed %" PRIu64 ": %d kill points of %d\n", test, seed, killed_n, n);
	stop_all();
	return failures > 0;
}
