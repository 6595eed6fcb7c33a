/* The catalogue of plans: a YAML file, read at start and at SIGHUP. */
#include "payments/plan.h"

#include "runtime/base/ensure.h"

#include <string.h>

#define CREDITS_MAX 1000000000000000LL /* micro-credits: a billion credits */
#define MINOR_UNITS_MAX 100000000LL    /* a million of the currency's main unit */
#define MILLION 1000000LL

static enum status wrong(const char *id, const char *what, struct error *reterr)
{
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "plan %.60s: %s", id, what);
}

static bool is_id(const char *id)
{
	return *id && strlen(id) <= PLAN_BYTES_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(id);
}

static enum status read_interval(const struct conf_node *node, const char *id,
				 Payments__V1__Plan__Interval *ret, struct error *reterr)
{
	const char *interval;
	enum status s = conf_text(node, "interval", "month", &interval, reterr);

	if (s != OK)
		return s;
	if (strcmp(interval, "month") == 0)
		*ret = PAYMENTS__V1__PLAN__INTERVAL__MONTH;
	else if (strcmp(interval, "year") == 0)
		*ret = PAYMENTS__V1__PLAN__INTERVAL__YEAR;
	else
		return wrong(id, "interval is month or year", reterr);
	return OK;
}

static enum status read_price(const struct conf_node *node, const char *id, struct arena *arena,
			      Payments__V1__Money **ret, struct error *reterr)
{
	Payments__V1__Money *price = arena_alloc(arena, sizeof *price);
	const char *currency;
	enum status s;

	ensure(price);
	payments__v1__money__init(price);
	s = conf_text(node, "currency", NULL, &currency, reterr);
	if (s == OK)
		s = conf_integer(node, "price_minor_units", NULL, 1, MINOR_UNITS_MAX,
				 &price->minor_units, reterr);
	if (s != OK)
		return s;
	if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		return wrong(id, "currency is not three capital letters (ISO 4217)", reterr);
	price->currency = (char *)currency;
	*ret = price;
	return OK;
}

static enum status plan_read(const struct conf_node *node, struct arena *arena, struct plan *ret,
			     struct error *reterr)
{
	static const char *const keys[] = {
		"id",          "name",         "credits",           "currency", "interval",
		"description", "stripe_price", "price_minor_units", NULL};
	Payments__V1__Plan *plan = &ret->shown;
	const char *id, *name, *description;
	enum status s = conf_only(node, keys, reterr);

	payments__v1__plan__init(plan);
	if (s == OK)
		s = conf_text(node, "id", NULL, &id, reterr);
	if (s != OK)
		return s;
	if (!is_id(id))
		return wrong(id, "an id has 1 to 40 of a-z, 0-9, - and _", reterr);
	s = conf_text(node, "name", NULL, &name, reterr);
	if (s == OK)
		s = conf_text(node, "description", "", &description, reterr);
	if (s == OK)
		s = conf_text(node, "stripe_price", "", &ret->stripe_price, reterr);
	if (s == OK)
		s = conf_millionths(node, "credits", NULL, MILLION, CREDITS_MAX,
				    &plan->credits_microcredits, reterr);
	if (s == OK)
		s = read_interval(node, id, &plan->interval, reterr);
	if (s == OK)
		s = read_price(node, id, arena, &plan->price, reterr);
	if (s != OK)
		return s;
	plan->id = (char *)id;
	plan->display_name = (char *)name;
	plan->description = (char *)description;
	return OK;
}

static enum status read_list(const char *path, const struct conf_node *list, struct arena *arena,
			     struct plans *plans, struct error *reterr)
{
	if (conf_count(list) > PLANS_MAX)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s: more than %d plans", path, PLANS_MAX);
	for (size_t i = 0; i < conf_count(list); i++) {
		struct plan *plan = &plans->all[i];
		enum status s = plan_read(conf_at(list, i), arena, plan, reterr);

		if (s != OK)
			return s;
		for (size_t k = 0; k < i; k++)
			if (strcmp(plans->all[k].shown.id, plan->shown.id) == 0)
				return wrong(plan->shown.id, "it is there twice", reterr);
		plans->shown[plans->n++] = &plan->shown;
	}
	return OK;
}

enum status plans_read(const char *path, struct arena *arena, const struct plans **ret,
		       struct error *reterr)
{
	static const char *const keys[] = {"plans", NULL};
	struct plans *plans = arena_zalloc(arena, sizeof *plans);
	const struct conf_node *root = NULL;
	enum status s = OK;

	ensure(plans);
	if (*path)
		s = conf_read(path, arena, &root, reterr);
	if (s == OK && root)
		s = conf_only(root, keys, reterr);
	if (s == OK && root)
		s = read_list(path, conf_get(root, "plans"), arena, plans, reterr);
	if (s == OK)
		*ret = plans;
	return s;
}

const struct plan *plan_find(const struct payments *payments, const char *id)
{
	const struct plans *plans = atomic_load(&payments->plans);

	for (size_t i = 0; i < plans->n; i++)
		if (strcmp(plans->all[i].shown.id, id) == 0)
			return &plans->all[i];
	return NULL;
}
