/* postman_letter.c — a letter is taken, cut into pieces, and reported when the last of them is gone. */
#include <stdlib.h>

#include "postman_parts.h"

enum { DETAIL_MAX = 1024 };

static void piece_init(struct piece *piece, struct letter *l, uint32_t first, uint32_t count)
{
	piece->letter = l;
	piece->first = first;
	piece->count = count;
	list_push(&l->postman->ready, &piece->link);
	l->pieces++;
}

static void piece_free(struct piece *piece)
{
	list_remove(&piece->link);
	buf_free(&piece->cut);
	free(piece->detail);
	if (piece != &piece->letter->whole)
		free(piece);
}

static struct piece *piece_new(struct letter *l, uint32_t first, uint32_t count)
{
	struct piece *piece = calloc(1, sizeof(*piece));

	if (piece != NULL)
		piece_init(piece, l, first, count);
	return piece;
}

static void free_pieces(struct list *of, struct letter *l)
{
	list_each_safe (node, of) {
		struct piece *piece = container_of(node, struct piece, link);

		if (piece->letter == l)
			piece_free(piece);
	}
}

struct letter *letter_take(struct postman *p, const struct postman_letter *is)
{
	uint32_t most = p->opts.spans_per_post;
	struct letter *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->postman = p;
	l->is = *is;
	list_push(&p->letters, &l->link);
	piece_init(&l->whole, l, 0, (uint32_t)min_u64(is->spans, most));
	for (uint32_t first = l->whole.count; first < is->spans;) {
		uint32_t count = (uint32_t)min_u64(is->spans - first, most);

		if (piece_new(l, first, count) == NULL) {
			free_pieces(&p->ready, l);
			list_remove(&l->link);
			free(l);
			return NULL;
		}
		first += count;
	}
	p->stats.letters++;
	p->stats.bytes += is->value.len;
	return l;
}

/* Without a report, wherever its pieces are. */
void letter_free(struct letter *l)
{
	struct postman *p = l->postman;

	free_pieces(&p->ready, l);
	free_pieces(&p->resting, l);
	free_pieces(&p->wire, l);
	for (size_t i = 0; i < p->ncollectors; i++)
		free_pieces(&p->collectors[i].suspects, l);
	list_remove(&l->link);
	free(l->detail);
	free(l);
}

static enum sink_outcome outcome_of(const struct letter *l)
{
	if (l->dropped)
		return l->maybe_sent ? SINK_MAYBE_SENT : SINK_NOT_SENT;
	return l->cause == NULL ? SINK_DELIVERED : SINK_POISON;
}

static void report(struct letter *l)
{
	struct postman *p = l->postman;
	struct postman_report r = {
		.token = l->is.token, .outcome = outcome_of(l), .cause = "", .detail = ""
	};
	char *detail = l->detail;

	if (r.outcome == SINK_POISON) {
		r.status = l->status;
		r.cause = l->cause;
		r.detail = detail == NULL ? "" : detail;
	}
	list_remove(&l->link);
	p->stats.letters--;
	p->stats.bytes -= l->is.value.len;
	free(l);
	postman_stir(p);
	p->events.done(p->events.arg, &r);
	free(detail);
}

static void settle(struct piece *piece)
{
	struct letter *l = piece->letter;

	piece_free(piece);
	if (--l->pieces == 0)
		report(l);
}

void piece_delivered(struct piece *piece)
{
	piece->letter->maybe_sent = true;
	settle(piece);
}

void piece_dropped(struct piece *piece)
{
	piece->letter->dropped = true;
	settle(piece);
}

void piece_blame(struct piece *piece, int status, const char *said)
{
	uint32_t of = piece->letter->is.spans;
	struct buf b = { 0 };

	piece->status = status;
	if (piece->count != of)
		buf_printf(&b, "spans %u to %u of %u: ", piece->first,
		        piece->first + piece->count - 1, of);
	buf_text(&b, said);
	free(piece->detail);
	piece->detail = strndup(buf_cstr(&b), DETAIL_MAX);
	buf_free(&b);
}

void piece_poison(struct piece *piece, const char *cause)
{
	struct letter *l = piece->letter;

	if (l->cause == NULL) {
		l->cause = cause;
		l->status = piece->status;
		l->detail = piece->detail;
		piece->detail = NULL;
	}
	settle(piece);
}

void piece_again(struct piece *piece, uint64_t rest_us)
{
	struct postman *p = piece->letter->postman;

	if (piece->letter->give_back) {
		piece_dropped(piece);
		return;
	}
	/* At the end: what is tried next is another one, in case it is this one's fault. */
	list_remove(&piece->link);
	piece->rests_until_us = rest_us == 0 ? 0 : loop_now_us(p->loop) + rest_us;
	list_push(rest_us == 0 ? &p->ready : &p->resting, &piece->link);
	postman_stir(p);
}

int piece_split(struct piece *piece)
{
	uint32_t half = piece->count / 2;
	struct piece *second;

	if (half == 0)
		return E_TOO_LARGE;
	if (piece->letter->give_back) {
		piece_dropped(piece);
		return 0;
	}
	second = piece_new(piece->letter, piece->first + half, piece->count - half);
	if (second == NULL)
		return E_NOMEM;
	second->maybe_stored = piece->maybe_stored;
	piece->count = half;
	piece->failures = 0;
	piece->refusals = 0;
	piece_again(piece, 0);
	return 0;
}

int piece_bytes(struct piece *piece, struct slice *bytes)
{
	const struct postman_letter *is = &piece->letter->is;
	int rc;

	if (piece->count == is->spans) {
		*bytes = is->value;
		return 0;
	}
	buf_clear(&piece->cut);
	rc = inspect_cut(is->value, piece->first, piece->count, &piece->cut);
	*bytes = buf_slice(&piece->cut);
	return rc;
}
