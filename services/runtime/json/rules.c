#include "runtime/json/rules.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *key, const void *element)
{
	const struct json_message_rule *const *rule = element;

	return strcmp(key, (*rule)->descriptor->name);
}

const struct json_message_rule *json_rule_find(const ProtobufCMessageDescriptor *descriptor)
{
	const struct json_message_rule *const *found = bsearch(
		descriptor->name, json_rules, json_rules_n, sizeof(json_rules[0]), compare_name);

	return found ? *found : NULL;
}
