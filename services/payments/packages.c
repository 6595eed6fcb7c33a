/* The catalogue of packages: a YAML file, read at start and at SIGHUP. */
#include "payments/payments.h"

#include "runtime/base/ensure.h"

#include <string.h>

#define CREDITS_MAX 1000000000000000LL /* micro-credits: a billion credits */
#define MINOR_UNITS_MAX 100000000LL    /* a million of the currency's main unit */
#define MILLION 1000000LL

static bool is_currency(const char *text)
{
	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static enum status package_read(const struct conf_node *node, struct arena *arena,
				Payments__V1__Package **ret, struct error *reterr)
{
	static const char *const keys[] = {
		"id",          "name",        "credits", "currency", "price_minor_units",
		"description", "highlighted", NULL};
	Payments__V1__Package *package = arena_alloc(arena, sizeof *package);
	Payments__V1__Money *price = arena_alloc(arena, sizeof *price);
	const char *id, *name, *currency, *description;
	bool highlighted;
	enum status s = conf_only(node, keys, reterr);

	ensure(package && price);
	payments__v1__package__init(package);
	payments__v1__money__init(price);
	if (s == OK)
		s = conf_text(node, "id", NULL, &id, reterr);
	if (s == OK)
		s = conf_text(node, "name", NULL, &name, reterr);
	if (s == OK)
		s = conf_text(node, "currency", NULL, &currency, reterr);
	if (s == OK)
		s = conf_text(node, "description", "", &description, reterr);
	if (s == OK)
		s = conf_boolean(node, "highlighted", "false", &highlighted, reterr);
	if (s == OK)
		s = conf_millionths(node, "credits", NULL, MILLION, CREDITS_MAX,
				    &package->credits_microcredits, reterr);
	if (s == OK)
		s = conf_integer(node, "price_minor_units", NULL, 1, MINOR_UNITS_MAX,
				 &price->minor_units, reterr);
	if (s != OK)
		return s;
	if (!is_currency(currency))
		return error_set(
			reterr, INVALID_ARGUMENT, "config_invalid",
			"package %s: currency '%s' is not three capital letters (ISO 4217)", id,
			currency);
	package->id = (char *)id;
	package->display_name = (char *)name;
	package->description = (char *)description;
	package->highlighted = highlighted;
	price->currency = (char *)currency;
	package->price = price;
	*ret = package;
	return OK;
}

enum status packages_read(const char *path, struct arena *arena, const struct packages **ret,
			  struct error *reterr)
{
	static const char *const keys[] = {"packages", NULL};
	struct packages *packages = arena_zalloc(arena, sizeof *packages);
	const struct conf_node *root, *list;
	enum status s = conf_read(path, arena, &root, reterr);

	ensure(packages);
	if (s == OK)
		s = conf_only(root, keys, reterr);
	if (s != OK)
		return s;
	list = conf_get(root, "packages");
	if (conf_count(list) > PACKAGES_MAX)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s: more than %d packages", path, PACKAGES_MAX);
	for (size_t i = 0; i < conf_count(list); i++) {
		Payments__V1__Package *package = NULL;

		s = package_read(conf_at(list, i), arena, &package, reterr);
		if (s != OK)
			return s;
		for (size_t k = 0; k < packages->n; k++)
			if (strcmp(packages->all[k]->id, package->id) == 0)
				return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
						 "%s: package '%s' is there twice", path,
						 package->id);
		packages->all[packages->n++] = package;
	}
	*ret = packages;
	return OK;
}
