#include "auth/auth.h"
#include "runtime/base/text.h"
#include "sql/auth.h"

#define NAME_ATTEMPTS 5 /* user names tried before giving up */

/* Input and results of the transaction. */
struct sign_up {
	struct rpc_call *call;
	const Auth__V1__SignUpRequest *req;
	const char *email;
	const char *display_name;
	const char *password; /* prepared */
	char hash[PASSWORD_HASH_SIZE];
	Auth__V1__Session *resp;
};

/* Stores the account under the first user name that is free. */
static enum status insert_account(struct db *db, const struct sign_up *work, PGresult **ret,
				  struct error *reterr)
{
	struct arena *arena = work->call->arena;
	char id[UUID_SIZE];

	uuid_v7(id);
	for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
		_cleanup_(PQclearp) PGresult *made = NULL;
		const char *const params[] = {
			id,
			work->email,
			user_name_propose(arena, work->display_name, attempt),
			work->display_name,
			email_is_admin(auth_of(work->call)->conf->admin_emails, work->email)
				? "admin"
				: "user",
			work->hash,
		};
		enum status s = db_query(db, &sql_auth_account_insert, params, &made, reterr);

		if (s != OK)
			return s; /* email_taken, when another sign-up was faster */
		if (PQntuples(made) > 0) {
			*ret = TAKE_PTR(made);
			return OK;
		}
	}
	return error_set(reterr, ABORTED, "conflict_retry", "no user name was free");
}

static enum status insert(struct db *db, void *ctx, struct error *reterr)
{
	struct sign_up *work = ctx;
	_cleanup_(PQclearp) PGresult *account = NULL;
	enum status s = insert_account(db, work, &account, reterr);

	if (s != OK)
		return s;
	return session_open(work->call, account,
			    work->req->token_delivery == AUTH__V1__SESSION__DELIVERY__BODY,
			    work->resp);
}

enum status auth_v1_sign_up(struct rpc_call *call, const Auth__V1__SignUpRequest *req,
			    Auth__V1__Session *resp)
{
	_cleanup_(PQclearp) PGresult *taken = NULL;
	struct sign_up work = {
		.call = call,
		.req = req,
		.email = email_normalise(call->arena, req->email),
		.resp = resp,
	};
	enum status s;

	if (!work.email)
		return rpc_fail_field(call, "email_invalid", "email", "not an e-mail address");
	work.display_name = text_line(call->arena, req->display_name);
	work.password = password_prepare(call->arena, req->password);
	if (!work.password)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "the password");
	s = password_check(work.password, work.email, &call->err);
	if (s != OK)
		return s;
	/* A look before hashing spares the work. The constraint decides. */
	s = db_query_one(service_db(call), &sql_auth_email_taken, &work.email, &taken, &call->err);
	if (s != OK)
		return s;
	if (db_bool(taken, 0, "taken"))
		return rpc_fail(call, ALREADY_EXISTS, "email_taken",
				"the e-mail address has an account");
	s = password_hash(&auth_of(call)->passwords, work.password, work.hash, &call->err);
	if (s != OK)
		return s;
	return db_tx(service_db(call), NULL, insert, &work, &call->err);
}
