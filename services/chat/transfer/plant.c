#include "chat/transfer/plant.h"

#include "chat/message/tree.h"

#include <stdlib.h>
#include <string.h>

#define NONE (-1)
#define COLUMN_BYTES_MAX (1 << 20) /* of text, and of reasoning */

/* A text that goes on in the same message. */
struct part {
	struct part *next;
	const char *text, *reasoning;
};

struct grow {
	struct arena *arena;
	const struct import_chat *chat;
	struct plant *plant;
	int64_t messages_max;
	int32_t n;
	int32_t *order;    /* nodes in the order of their making */
	int32_t *parent;   /* of each node, the nearest that is shown; NONE: a root */
	int32_t *children; /* how many are shown, of each node */
	int32_t *row;      /* of each node, the last of its messages; NONE: not yet */
	int32_t *born;     /* children of each message so far */
	int32_t *stack;
	struct part **parts, **last; /* of each message */
	size_t *len;                 /* of its text so far */
	int32_t roots;
};

static bool is_shown(const struct node *node)
{
	/* Our own export has messages without a text: answers that failed. */
	return node->role != NODE_HIDDEN &&
	       (node->state || *node->text || *node->reasoning || *node->items);
}

/* ---------------------------------------------------------------- parents */

struct name {
	const char *id;
	int32_t node;
};

static int by_id(const void *a, const void *b)
{
	const struct name *left = a, *right = b;
	int order = strcmp(left->id, right->id);

	return order ? order : (left->node > right->node) - (left->node < right->node);
}

/* The first node of this id; NONE: there is none. */
static int32_t find(const struct name *names, int32_t n, const char *id)
{
	int32_t from = 0, to = n;

	while (from < to) {
		int32_t middle = from + (to - from) / 2;

		if (strcmp(names[middle].id, id) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < n && strcmp(names[from].id, id) == 0 ? names[from].node : NONE;
}

/* The parents that the file names. Of nodes with one id the later ones stay without children. */
static int32_t name_parents(struct grow *grow)
{
	struct name *names = arena_array(grow->arena, (size_t)grow->n, sizeof *names);
	const struct node *nodes = grow->chat->nodes;

	if (!names)
		return NONE;
	for (int32_t i = 0; i < grow->n; i++)
		names[i] = (struct name){nodes[i].id, i};
	qsort(names, (size_t)grow->n, sizeof *names, by_id);
	for (int32_t i = 1; i < grow->n; i++)
		grow->plant->mended += *names[i].id && strcmp(names[i].id, names[i - 1].id) == 0;
	for (int32_t i = 0; i < grow->n; i++) {
		const char *parent = nodes[i].parent;

		grow->parent[i] = *parent ? find(names, grow->n, parent) : NONE;
		if (*parent && grow->parent[i] == NONE && is_shown(&nodes[i]))
			grow->plant->mended++;
	}
	return *grow->chat->leaf ? find(names, grow->n, grow->chat->leaf) : NONE;
}

/* A node whose way up comes back to it becomes a root. Each node is passed twice at most. */
static void cut_circles(struct grow *grow)
{
	int32_t *seen = grow->row; /* by the walk of this number; not in use yet */

	for (int32_t i = 0; i < grow->n; i++) {
		int32_t at = i;

		while (seen[at] == NONE && grow->parent[at] != NONE) {
			seen[at] = i;
			if (seen[grow->parent[at]] == i) {
				grow->parent[at] = NONE;
				grow->plant->mended++;
				break;
			}
			at = grow->parent[at];
		}
		if (seen[at] == NONE)
			seen[at] = i;
	}
	for (int32_t i = 0; i < grow->n; i++)
		seen[i] = NONE;
}

/* Leaves out hidden nodes: the parent of each node is one that is shown. The way up is walked once,
 * for what was found there is noted on all its nodes. */
static void pass_hidden(struct grow *grow)
{
	const struct node *nodes = grow->chat->nodes;

	for (int32_t i = 0; i < grow->n; i++) {
		int32_t top = grow->parent[i], at = i;

		while (top != NONE && !is_shown(&nodes[top]))
			top = grow->parent[top];
		while (at != NONE && grow->parent[at] != top &&
		       (at == i || !is_shown(&nodes[at]))) {
			int32_t next = grow->parent[at];

			grow->parent[at] = top;
			at = next;
		}
	}
	for (int32_t i = 0; i < grow->n; i++)
		if (is_shown(&nodes[i]) && grow->parent[i] != NONE)
			grow->children[grow->parent[i]]++;
}

/* ---------------------------------------------------------------- order */

struct rank {
	int64_t time_us;
	int32_t node;
};

static int by_time(const void *a, const void *b)
{
	const struct rank *left = a, *right = b;

	if (left->time_us != right->time_us)
		return left->time_us < right->time_us ? -1 : 1;
	return (left->node > right->node) - (left->node < right->node);
}

static bool make_order(struct grow *grow)
{
	struct rank *ranks = arena_array(grow->arena, (size_t)grow->n, sizeof *ranks);
	int64_t before = 0;

	if (!ranks)
		return false;
	for (int32_t i = 0; i < grow->n; i++) {
		int64_t time_us = grow->chat->nodes[i].time_us;

		/* One without a time is as old as the one before it in the file. */
		before = time_us ? time_us : before;
		ranks[i] = (struct rank){grow->chat->in_order ? 0 : before, i};
	}
	qsort(ranks, (size_t)grow->n, sizeof *ranks, by_time);
	for (int32_t i = 0; i < grow->n; i++)
		grow->order[i] = ranks[i].node;
	return true;
}

/* ---------------------------------------------------------------- messages */

static struct hop hop_of(const struct plant *plant, int32_t i)
{
	struct hop hop = {0};

	if (i != NONE) {
		memcpy(hop.id, plant->messages[i].id, UUID_SIZE);
		hop.depth = plant->messages[i].depth;
	}
	return hop;
}

/* As sends find it (answer/store.c). */
static void set_jump(struct plant *plant, struct plant_message *message)
{
	int32_t up = message->parent;
	int32_t second = up == NONE ? NONE : plant->messages[up].jump;
	int32_t third = second == NONE ? NONE : plant->messages[second].jump;
	const struct hop hops[3] = {hop_of(plant, up), hop_of(plant, second), hop_of(plant, third)};
	const struct hop *jump = up == NONE ? NULL : tree_jump(hops);

	message->jump = !jump ? NONE : jump == &hops[0] ? up : third;
}

static bool add_part(struct grow *grow, int32_t row, const char *text, const char *reasoning)
{
	struct part *part = arena_zalloc(grow->arena, sizeof *part);

	if (!part)
		return false;
	part->text = text;
	part->reasoning = reasoning;
	if (grow->last[row])
		grow->last[row]->next = part;
	else
		grow->parts[row] = part;
	grow->last[row] = part;
	grow->len[row] += strlen(text) + strlen(reasoning) + 4;
	return true;
}

/* A new message below a row. */
static int32_t add_message(struct grow *grow, const struct node *node, int32_t parent)
{
	struct plant *plant = grow->plant;
	int32_t row = (int32_t)plant->n++;
	struct plant_message *message = &plant->messages[row];

	*message = (struct plant_message){
		.parent = parent,
		.depth = parent == NONE ? 0 : plant->messages[parent].depth + 1,
		.position = parent == NONE ? ++grow->roots : ++grow->born[parent],
		.role = node->role,
		.state = node->state ? node->state : "DONE",
		.items = node->items,
		.model = node->role == NODE_ASSISTANT ? node->model : "",
		.time_us = node->time_us,
	};
	uuid_v7(message->id);
	set_jump(plant, message);
	return row;
}

/* The length of the next message of a long text, which ends between characters. */
static size_t cut(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
		len--;
	return len;
}

/* Whether the node goes on with the message above. */
static bool joins(const struct grow *grow, int32_t i, int32_t above)
{
	const struct node *node = &grow->chat->nodes[i];

	return node->joins && above != NONE && grow->children[grow->parent[i]] == 1 &&
	       grow->plant->messages[above].role == NODE_ASSISTANT &&
	       grow->len[above] + strlen(node->text) + strlen(node->reasoning) < PLANT_TEXT_MAX;
}

/* Long reasoning goes on in the texts, where it is not lost. */
static const char *bound_reasoning(struct grow *grow, const struct node *node, const char **ret)
{
	size_t len = cut(node->reasoning, COLUMN_BYTES_MAX);

	*ret = node->reasoning;
	if (!node->reasoning[len])
		return node->text;
	*ret = arena_strndup(grow->arena, node->reasoning, len);
	return arena_printf(grow->arena, "%s\n\n%s", node->reasoning + len, node->text);
}

static enum plant_result grow_node(struct grow *grow, int32_t i)
{
	const struct node *node = &grow->chat->nodes[i];
	int32_t row = grow->parent[i] == NONE ? NONE : grow->row[grow->parent[i]];
	const char *reasoning, *text = bound_reasoning(grow, node, &reasoning);
	int32_t n = 0;

	if (joins(grow, i, row)) {
		if (!*grow->plant->messages[row].model)
			grow->plant->messages[row].model = node->model;
		grow->row[i] = row;
		return add_part(grow, row, text, reasoning) ? PLANT_GROWN : PLANT_NO_ROOM;
	}
	do {
		/* Our own answers are longer than questions may be. */
		size_t len = cut(text, node->state ? COLUMN_BYTES_MAX : PLANT_TEXT_MAX);

		if ((int64_t)grow->plant->n >= grow->messages_max)
			return PLANT_TOO_MANY;
		row = add_message(grow, node, row);
		if (n > 0)
			grow->plant->messages[row].items = "";
		if (!add_part(grow, row, text[len] ? arena_strndup(grow->arena, text, len) : text,
			      n++ ? "" : reasoning))
			return PLANT_NO_ROOM;
		text += len;
	} while (*text);
	grow->plant->split += n > 1;
	grow->row[i] = row;
	return PLANT_GROWN;
}

/* A node whose time says that it is older than its parent waits for it. */
static enum plant_result grow_way(struct grow *grow, int32_t i)
{
	enum plant_result result = PLANT_GROWN;
	int32_t n = 0;

	for (; i != NONE && grow->row[i] == NONE; i = grow->parent[i])
		grow->stack[n++] = i;
	while (n > 0 && result == PLANT_GROWN)
		result = grow_node(grow, grow->stack[--n]);
	return result;
}

/* ---------------------------------------------------------------- texts */

static const char *join(struct grow *grow, int32_t row, size_t offset)
{
	const struct part *part = grow->parts[row];
	const char *first = *(const char *const *)((const char *)part + offset);
	char *text, *p;

	if (!part->next)
		return first;
	text = p = arena_alloc(grow->arena, grow->len[row] + 1);
	if (!text)
		return "";
	for (; part; part = part->next) {
		const char *piece = *(const char *const *)((const char *)part + offset);

		if (*piece && p > text)
			p = stpcpy(p, "\n\n");
		p = stpcpy(p, piece);
	}
	return text;
}

static void write_texts(struct grow *grow)
{
	struct plant *plant = grow->plant;

	for (size_t i = 0; i < plant->n; i++) {
		struct plant_message *message = &plant->messages[i];
		int64_t time_us = message->time_us;

		message->text = join(grow, (int32_t)i, offsetof(struct part, text));
		message->reasoning = join(grow, (int32_t)i, offsetof(struct part, reasoning));
		plant->bytes += (int64_t)(strlen(message->text) + strlen(message->reasoning) +
					  strlen(message->items));
		if (time_us && (!plant->first_us || time_us < plant->first_us))
			plant->first_us = time_us;
		if (time_us > plant->last_us)
			plant->last_us = time_us;
	}
}

/* The shown leaf: that of the file or the nearest shown one above it; else the newest. */
static void set_leaf(struct grow *grow, int32_t leaf)
{
	if (leaf != NONE && !is_shown(&grow->chat->nodes[leaf]))
		leaf = grow->parent[leaf];
	grow->plant->leaf = leaf == NONE ? (int32_t)grow->plant->n - 1 : grow->row[leaf];
}

/* ---------------------------------------------------------------- all */

static int32_t *numbers(struct grow *grow, size_t n, int32_t value)
{
	int32_t *list = arena_array(grow->arena, n, sizeof *list);

	for (size_t i = 0; list && i < n; i++)
		list[i] = value;
	return list;
}

/* How many messages there are at most: one for each node, and more for long ones. */
static size_t rows_max(const struct import_chat *chat)
{
	size_t n = chat->n;

	for (size_t i = 0; i < chat->n; i++)
		n += (strlen(chat->nodes[i].text) + strlen(chat->nodes[i].reasoning)) /
		     (PLANT_TEXT_MAX - 4);
	return n;
}

static bool prepare(struct grow *grow)
{
	size_t n = (size_t)grow->n, rows = rows_max(grow->chat);

	grow->order = numbers(grow, n, 0);
	grow->parent = numbers(grow, n, NONE);
	grow->children = numbers(grow, n, 0);
	grow->row = numbers(grow, n, NONE);
	grow->stack = numbers(grow, n, 0);
	grow->born = numbers(grow, rows, 0);
	grow->parts = arena_array(grow->arena, rows, sizeof(struct part *));
	grow->last = arena_array(grow->arena, rows, sizeof(struct part *));
	grow->len = arena_array(grow->arena, rows, sizeof *grow->len);
	grow->plant->messages = arena_array(grow->arena, rows, sizeof(struct plant_message));
	return !grow->arena->exhausted;
}

enum plant_result plant_make(struct arena *arena, const struct import_chat *chat,
			     int64_t messages_max, struct plant *ret)
{
	struct grow grow = {.arena = arena,
			    .chat = chat,
			    .plant = ret,
			    .messages_max = messages_max,
			    .n = (int32_t)chat->n};
	enum plant_result result = PLANT_GROWN;
	int32_t leaf;

	*ret = (struct plant){0};
	if (chat->n == 0)
		return PLANT_EMPTY;
	if (!prepare(&grow))
		return PLANT_NO_ROOM;
	leaf = name_parents(&grow);
	cut_circles(&grow);
	pass_hidden(&grow);
	if (!make_order(&grow))
		return PLANT_NO_ROOM;
	for (int32_t i = 0; i < grow.n && result == PLANT_GROWN; i++)
		if (is_shown(&chat->nodes[grow.order[i]]))
			result = grow_way(&grow, grow.order[i]);
	if (result != PLANT_GROWN)
		return result;
	if (ret->n == 0)
		return PLANT_EMPTY;
	set_leaf(&grow, leaf);
	write_texts(&grow);
	return arena->exhausted ? PLANT_NO_ROOM : PLANT_GROWN;
}
