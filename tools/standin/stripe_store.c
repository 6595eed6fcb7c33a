/* Objects of the stand-in Stripe, by kind and id. */
#include "stripe.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <stdio.h>
#include <string.h>

#define LIST_DEFAULT 10
#define LIST_MAX 100
#define ID_BYTES 12

static json_t *kinds; /* kind → {id: object}, in the order of their making */

json_t *store_all(const char *kind)
{
	json_t *all;

	if (!kinds)
		kinds = json_object();
	all = json_object_get(kinds, kind);
	if (!all) {
		all = json_object();
		json_object_set_new(kinds, kind, all);
	}
	return all;
}

json_t *store_new(const char *kind, const char *prefix)
{
	unsigned char bytes[ID_BYTES];
	char hex[2 * ID_BYTES + 1], id[2 * ID_BYTES + 16];
	json_t *object;

	random_bytes(bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, hex);
	snprintf(id, sizeof id, "%s_%s", prefix, hex);
	object = json_pack("{s:s, s:s, s:I, s:b}", "id", id, "object", kind, "created",
			   (json_int_t)(clock_wall_us() / US_PER_S), "livemode", 0);
	ensure(object);
	json_object_set_new(store_all(kind), id, object);
	return object;
}

json_t *store_find(const char *kind, const char *id)
{
	return json_object_get(store_all(kind), id);
}

const char *form_text(const json_t *form, const char *name)
{
	const char *text = json_string_value(json_object_get(form, name));

	return text ? text : "";
}

int64_t form_number(const json_t *form, const char *name, int64_t fallback)
{
	const char *text = form_text(form, name);
	int64_t number;

	return text_parse_i64(text, strlen(text), 0, INT64_MAX, &number) ? number : fallback;
}

json_t *store_list(const char *kind, const json_t *form)
{
	json_t *all = store_all(kind), *data = json_array(), *object;
	int64_t since = form_number(form, "created[gte]", 0);
	int64_t limit = form_number(form, "limit", LIST_DEFAULT);
	const char *after = form_text(form, "starting_after"), *id;
	json_t **objects = calloc(json_object_size(all) + 1, sizeof(json_t *));
	bool started = !*after, more = false;
	size_t n = 0;

	ensure(objects);
	if (limit > LIST_MAX)
		limit = LIST_MAX;
	json_object_foreach(all, id, object) objects[n++] = object;
	while (n-- > 0 && !more) {
		const char *own = json_string_value(json_object_get(objects[n], "id"));

		if (started &&
		    json_integer_value(json_object_get(objects[n], "created")) >= since) {
			more = (int64_t)json_array_size(data) == limit;
			if (!more)
				json_array_append(data, objects[n]);
		}
		started = started || strcmp(own, after) == 0;
	}
	free(objects);
	return json_pack("{s:s, s:b, s:o}", "object", "list", "has_more", (int)more, "data", data);
}

json_t *store_metadata(const json_t *form, const char *prefix)
{
	json_t *metadata = json_object(), *value;
	size_t len = strlen(prefix);
	const char *name;

	json_object_foreach((json_t *)form, name, value)
	{
		const char *end = strchr(name, '\0') - 1;
		char key[64];

		if (strncmp(name, prefix, len) != 0 || name[len] != '[' || *end != ']')
			continue;
		snprintf(key, sizeof key, "%.*s", (int)(end - name - (ptrdiff_t)len - 1),
			 name + len + 1);
		json_object_set(metadata, key, value);
	}
	return metadata;
}
