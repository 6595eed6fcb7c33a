/* A user is one customer of Stripe's, so that receipts and cards of a person are together there. */
#include "payments/payments.h"
#include "payments/stripe.h"

static enum status find(const struct payments *payments, struct db *db, const char *user_id,
			struct arena *arena, const char **ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s =
		db_query(db, &sql_payments_customer,
			 (const char *[]){user_id, payments_live_param(payments)}, &rows, reterr);

	*ret = s == OK && PQntuples(rows) ? db_text(arena, rows, 0, "stripe_id") : NULL;
	return s;
}

enum status customer_of(const struct payments *payments, struct db *db, const char *user_id,
			struct arena *arena, const char **ret, struct error *reterr)
{
	_cleanup_(stripe_form_done) struct stripe_form form;
	_cleanup_(json_decrefp) json_t *customer = NULL;
	char key[UUID_SIZE];
	enum status s = find(payments, db, user_id, arena, ret, reterr);

	stripe_form_init(&form);
	if (s != OK || *ret)
		return s;
	/* The key is new each time, because an old one would bring a deleted customer back. */
	uuid_v4(key);
	stripe_form_add(&form, "metadata[user]", user_id);
	s = stripe_post(&payments->stripe, "/v1/customers", &form, key, &customer, reterr);
	if (s == OK)
		s = db_exec(db, &sql_payments_customer_insert,
			    (const char *[]){user_id, payments_live_param(payments),
					     stripe_text(customer, "id")},
			    NULL, reterr);
	if (s == OK) /* another call may have been faster: its customer counts */
		s = find(payments, db, user_id, arena, ret, reterr);
	if (s == OK && !*ret)
		s = error_set(reterr, ABORTED, "conflict_retry", "the customer is gone again");
	return s;
}
