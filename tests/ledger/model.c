#include "tests/ledger/model.h"

#include <stddef.h>

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t from_zero(int64_t a)
{
	return a > 0 ? a : 0;
}

int64_t model_available(const struct model *m)
{
	return m->posted - m->pending + (m->suspended ? 0 : m->limit);
}

static struct model_budget *budget_of(struct model *m, const struct model_hold *h)
{
	return h->budget >= 0 ? &m->budgets[h->budget] : NULL;
}

static void release(struct model *m, struct model_hold *h)
{
	*(h->plan_pays ? &m->plan.pending : &m->pending) -= h->amount;
	if (budget_of(m, h))
		budget_of(m, h)->pending -= h->amount;
}

static void charge(struct model *m, struct model_hold *h, int64_t amount)
{
	*(h->plan_pays ? &m->plan.posted : &m->posted) -= amount;
	if (h->plan_pays)
		m->plan.gift = from_zero(m->plan.gift - amount);
	h->charged += amount;
	if (budget_of(m, h))
		budget_of(m, h)->posted += amount;
}

static int64_t plan_available(const struct model *m)
{
	return m->plan.posted - m->plan.pending;
}

const char *model_hold(struct model *m, int64_t amount, bool due, int budget, bool plan)
{
	struct model_hold *h = &m->holds[m->n_holds++];
	const struct model_budget *b;

	*h = (struct model_hold){
		.state = MODEL_OPEN, .amount = amount, .due = due, .budget = budget};
	h->plan_may_pay = plan;
	h->plan_pays = plan && m->plan.months > 0 && amount <= plan_available(m);
	b = budget_of(m, h);
	if (!h->plan_pays && amount > model_available(m))
		h->refused = "insufficient_credits";
	else if (b && amount > b->limit - b->posted - b->pending)
		h->refused = "budget_exhausted";
	if (h->refused) {
		h->state = MODEL_REFUSED;
		return h->refused;
	}
	*(h->plan_pays ? &m->plan.pending : &m->pending) += amount;
	if (b)
		m->budgets[budget].pending += amount;
	return NULL;
}

/* Charges the part beyond the hold, up to the limit; the rest is the platform's loss. */
static void charge_rest(struct model *m, struct model_hold *h, int64_t rest)
{
	int64_t part =
		least(rest, from_zero(h->plan_pays ? plan_available(m) : model_available(m)));

	charge(m, h, part);
	m->loss += rest - part;
}

void model_grant(struct model *m, int64_t amount, int months)
{
	struct model_plan *plan = &m->plan;
	int64_t rest = from_zero(least(plan->gift, plan_available(m)));

	if (months < plan->months)
		return; /* over at once */
	plan->months = months;
	plan->gift += amount - rest;
	plan->posted += amount - rest;
}

const char *model_settle(struct model *m, struct model_hold *h, int64_t amount)
{
	int64_t covered = least(amount, h->amount);

	switch (h->state) {
	case MODEL_REFUSED:
		return "hold_unknown";
	case MODEL_VOIDED:
		return "hold_voided";
	case MODEL_SETTLED:
	case MODEL_CHARGED:
		return amount == h->asked ? NULL : "transfer_id_reused";
	case MODEL_OPEN:
		release(m, h);
		charge(m, h, covered);
		charge_rest(m, h, amount - covered);
		h->state = MODEL_SETTLED;
		break;
	case MODEL_EXPIRED:
		charge_rest(m, h, amount);
		h->state = MODEL_CHARGED;
		break;
	}
	h->asked = amount;
	return NULL;
}

const char *model_void(struct model *m, struct model_hold *h)
{
	switch (h->state) {
	case MODEL_REFUSED:
		return "hold_unknown";
	case MODEL_SETTLED:
	case MODEL_CHARGED:
		return "hold_settled";
	case MODEL_OPEN:
		release(m, h);
		h->state = MODEL_VOIDED;
		return NULL;
	case MODEL_VOIDED:
	case MODEL_EXPIRED:
		return NULL;
	}
	return NULL;
}

void model_sweep(struct model *m, struct model_hold *h)
{
	if (h->state != MODEL_OPEN || !h->due)
		return;
	release(m, h);
	h->state = MODEL_EXPIRED;
}

const char *model_book(struct model *m, enum model_kind kind, int64_t change)
{
	struct model_booking *b = &m->bookings[m->n_bookings++];

	*b = (struct model_booking){.kind = kind, .asked = change, .change = change};
	if (change < 0)
		b->change = -least(-change, from_zero(model_available(m)));
	if (kind == MODEL_ADJUSTMENT && b->change != change) {
		b->refused = true;
		return "insufficient_credits";
	}
	m->posted += b->change;
	m->disputes += b->change - change;
	return NULL;
}

const char *model_reverse(struct model *m, struct model_booking *b)
{
	if (b->refused)
		return "not_found";
	if (b->kind == MODEL_PURCHASE)
		return "not_reversible";
	if (b->reversed)
		return NULL;
	if (b->change > 0 && b->change > model_available(m))
		return "insufficient_credits";
	m->posted -= b->change;
	m->disputes -= b->change - b->asked;
	b->reversed = true;
	return NULL;
}

const char *model_switch(struct model *m, bool pay_as_you_go, int64_t limit)
{
	if (m->pay_as_you_go == pay_as_you_go)
		return NULL;
	if (!pay_as_you_go && m->posted - m->pending < 0)
		return "billing_debt";
	m->pay_as_you_go = pay_as_you_go;
	m->limit = pay_as_you_go ? limit : 0;
	return NULL;
}

const char *model_set_limit(struct model *m, int64_t limit)
{
	if (!m->pay_as_you_go)
		return "billing_unavailable";
	if (m->posted - m->pending + limit < 0)
		return "billing_debt";
	m->limit = limit;
	return NULL;
}
