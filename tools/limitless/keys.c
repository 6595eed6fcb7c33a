/* `limitless keys`: makes, lists and revokes API keys. It writes the database directly, so it needs
 * the rights of an operator. */
#include "tools/limitless/commands.h"
#include "tools/limitless/place.h"

#include "runtime/base/digest.h"
#include "runtime/base/uuid.h"

#include <getopt.h>
#include <libpq-fe.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES 32
#define KEY_SIZE (3 + 2 * KEY_BYTES + 1) /* "lc-", hexadecimal digits, NUL */
#define PREFIX_LENGTH 9
#define SCOPES_SIZE 64
#define NAME_BYTES_MAX 100
#define PARAMETERS_MAX 7

struct arguments {
	const char *dir, *dsn; /* one of them */
	const char *user, *name, *id, *on_disconnect;
	char scopes[SCOPES_SIZE]; /* a literal of text[] */
};

static void pq_clearp(PGresult **result)
{
	PQclear(*result);
}

static void pq_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

static PGresult *run(PGconn *conn, const char *sql, const char *const *params, int n)
{
	PGresult *rows = PQexecParams(conn, sql, n, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(rows) == PGRES_TUPLES_OK)
		return rows;
	fprintf(stderr, "limitless: %s", PQerrorMessage(conn));
	PQclear(rows);
	return NULL;
}

static void to_hex(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static int add(PGconn *conn, const struct arguments *args)
{
	_cleanup_(pq_clearp) PGresult *rows = NULL;
	uint8_t random[KEY_BYTES], sha256[DIGEST_SHA256_SIZE];
	char id[UUID_SIZE], key[KEY_SIZE] = "lc-", prefix[PREFIX_LENGTH + 1];
	char hash[2 + 2 * DIGEST_SHA256_SIZE + 1] = "\\x";
	const char *const params[PARAMETERS_MAX] = {
		id, args->user, hash, prefix, args->name, args->scopes, args->on_disconnect};

	if (RAND_bytes(random, sizeof random) != 1) {
		fprintf(stderr, "limitless: there are no random numbers\n");
		return 1;
	}
	to_hex(random, sizeof random, key + 3);
	digest_sha256(key, strlen(key), sha256);
	to_hex(sha256, sizeof sha256, hash + 2);
	memcpy(prefix, key, PREFIX_LENGTH);
	prefix[PREFIX_LENGTH] = '\0';
	uuid_v7(id);
	rows = run(conn,
		   "INSERT INTO auth.api_key (id, account_id, hash, prefix, name, scopes, "
		   "on_disconnect) SELECT $1::uuid, a.id, $3::bytea, $4, $5, $6::text[], "
		   "upper($7) FROM auth.account a WHERE a.email = lower($2) RETURNING id",
		   params, PARAMETERS_MAX);
	if (!rows)
		return 1;
	if (PQntuples(rows) == 0) {
		fprintf(stderr, "limitless: nobody has the address %s\n", args->user);
		return 1;
	}
	printf("%s\n", key);
	fprintf(stderr, "Key %s. It is shown this once.\n", id);
	return 0;
}

static int list(PGconn *conn, const struct arguments *args)
{
	const char *const params[] = {args->user};
	_cleanup_(pq_clearp) PGresult *rows =
		run(conn,
		    "SELECT k.id, k.prefix || '…', a.email, k.name, "
		    "coalesce(nullif(array_to_string(k.scopes, ','), ''), 'all'), "
		    "lower(k.on_disconnect), "
		    "coalesce(to_char(k.last_use_time AT TIME ZONE 'UTC', "
		    "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'never used'), CASE WHEN k.revoke_time IS "
		    "NULL THEN 'valid' ELSE 'revoked' END "
		    "FROM auth.api_key k JOIN auth.account a ON a.id = k.account_id "
		    "WHERE $1::text IS NULL OR a.email = lower($1) ORDER BY k.create_time, k.id",
		    params, 1);

	for (int i = 0; rows && i < PQntuples(rows); i++)
		for (int column = 0; column < PQnfields(rows); column++)
			printf("%s%c", PQgetvalue(rows, i, column),
			       column + 1 < PQnfields(rows) ? '\t' : '\n');
	return !rows;
}

static int take_away(PGconn *conn, const struct arguments *args)
{
	const char *const params[] = {args->id};
	_cleanup_(pq_clearp) PGresult *rows =
		run(conn,
		    "UPDATE auth.api_key SET revoke_time = coalesce(revoke_time, lc.now()) "
		    "WHERE id = $1::uuid RETURNING id",
		    params, 1);

	if (rows && PQntuples(rows) == 0)
		fprintf(stderr, "limitless: there is no key %s\n", args->id);
	return !rows || PQntuples(rows) == 0;
}

static bool add_scope(struct arguments *args, const char *scope)
{
	size_t len = strlen(args->scopes) - 1; /* up to the closing brace */

	if (strcmp(scope, "generate") != 0 && strcmp(scope, "read") != 0)
		return false;
	if (len + strlen(scope) + 3 > sizeof args->scopes)
		return false;
	snprintf(args->scopes + len, sizeof args->scopes - len, "%s%s}", len > 1 ? "," : "", scope);
	return true;
}

/* Says what is wrong with a value before the database does. */
static bool check(const struct arguments *args)
{
	static const char *const policies[] = {"default", "cancel", "finish"};
	size_t i = 0;

	while (i < ARRAY_SIZE(policies) && strcmp(policies[i], args->on_disconnect) != 0)
		i++;
	if (i == ARRAY_SIZE(policies))
		fprintf(stderr, "limitless: --on-disconnect is default, cancel or finish\n");
	else if (args->name && (!*args->name || strlen(args->name) > NAME_BYTES_MAX))
		fprintf(stderr, "limitless: --name has 1 to %d bytes\n", NAME_BYTES_MAX);
	else if (args->id && !uuid_valid(args->id))
		fprintf(stderr, "limitless: %s is no key's id; `limitless keys list` has them\n",
			args->id);
	else
		return true;
	return false;
}

static bool parse(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"dsn", required_argument, NULL, 's'},
						{"user", required_argument, NULL, 'u'},
						{"name", required_argument, NULL, 'n'},
						{"scope", required_argument, NULL, 'c'},
						{"on-disconnect", required_argument, NULL, 'o'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			ret->dir = optarg;
		else if (option == 's')
			ret->dsn = optarg;
		else if (option == 'u')
			ret->user = optarg;
		else if (option == 'n')
			ret->name = optarg;
		else if (option == 'o')
			ret->on_disconnect = optarg;
		else if (option != 'c' || !add_scope(ret, optarg))
			return false;
	}
	if (!ret->dir && !ret->dsn)
		ret->dir = "var";
	ret->id = argv[optind];
	return argc - optind <= 1 && !(ret->dir && ret->dsn);
}

static PGconn *open_database(const struct arguments *args)
{
	struct cluster cluster = {0};
	char dsn[CLUSTER_DSN_SIZE];
	struct place place;
	struct error err;
	PGconn *conn;

	if (args->dir) {
		if (place_find(args->dir, false, &place, &err) != OK ||
		    place_look(&place, &cluster, &err) != OK) {
			fprintf(stderr, "limitless: %s\n", err.message);
			return NULL;
		}
		cluster_dsn(&cluster, CLUSTER_DATABASE, CLUSTER_SUPERUSER, dsn);
	}
	conn = PQconnectdb(args->dsn ? args->dsn : dsn);
	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	fprintf(stderr, "limitless: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

int keys_main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct arguments args = {.on_disconnect = "default", .scopes = "{}"};
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	int (*command)(PGconn *, const struct arguments *) = NULL;

	if (argc > 1 && parse(argc - 1, argv + 1, &args)) {
		if (strcmp(verb, "add") == 0 && args.user && args.name && !args.id)
			command = add;
		else if (strcmp(verb, "list") == 0 && !args.id)
			command = list;
		else if (strcmp(verb, "revoke") == 0 && args.id)
			command = take_away;
	}
	if (!command) {
		fprintf(stderr, "usage: limitless keys add --user EMAIL --name NAME [--scope "
				"generate|read]… "
				"[--on-disconnect default|cancel|finish]\n"
				"       limitless keys list [--user EMAIL]: id, beginning, "
				"owner, name, scopes, on-disconnect, last use, state\n"
				"       limitless keys revoke ID\n"
				"Each takes --dir var or --dsn 'host=… user=auth_owner …'.\n");
		return 1;
	}
	conn = check(&args) ? open_database(&args) : NULL;
	return conn ? command(conn, &args) : 1;
}
