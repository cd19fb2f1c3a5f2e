/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "tools/player_wire.h"

void
wire_put_u32(struct buf *out, uint32_t value)
{
	unsigned char p[4] = {
		(unsigned char)(value >> 24), (unsigned char)(value >> 16),
		(unsigned char)(value >> 8), (unsigned char)value
	};

	buf_add(out, p, sizeof(p));
}

static uint32_t
get_u32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return ((uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	    (uint32_t)u[2] << 8 | u[3]);
}

void
wire_put_cstr(struct buf *out, struct str s)
{
	buf_add_str(out, str_first(s, str_find(s, '\0')));
	buf_add_char(out, '\0');
}

size_t
wire_begin(struct buf *out, char cmd)
{
	size_t begun = out->n;

	wire_put_u32(out, 0);
	buf_add_char(out, cmd);
	return (begun);
}

void
wire_end(struct buf *out, size_t begun)
{
	size_t n;

	if (out->status != STATUS_OK) {
		return;
	}
	n = out->n - begun - 4;
	if (n > UINT32_MAX) {
		out->status = STATUS_LIMIT;
		return;
	}
	out->p[begun] = (char)(n >> 24);
	out->p[begun + 1] = (char)(n >> 16);
	out->p[begun + 2] = (char)(n >> 8);
	out->p[begun + 3] = (char)n;
}

void
wire_put_empty(struct buf *out, char cmd)
{
	wire_end(out, wire_begin(out, cmd));
}

enum status
wire_get(struct str s, size_t max_bytes, struct wire_packet *r)
{
	uint32_t n;

	*r = (struct wire_packet){ .bytes = WIRE_HEAD_BYTES };
	if (s.n < 4) {
		return (STATUS_TEMP);
	}
	n = get_u32(s.p);
	if (n == 0) {
		return (STATUS_SYNTAX);
	}
	if (n > max_bytes) {
		return (STATUS_LIMIT);
	}
	r->bytes = (size_t)n + 4;
	if (s.n < r->bytes) {
		return (STATUS_TEMP);
	}
	r->cmd = s.p[4];
	r->data = str_mem(s.p + WIRE_HEAD_BYTES, (size_t)n - 1);
	return (STATUS_OK);
}

enum status
wire_get_negotiation(struct str data, struct wire_negotiation *r)
{
	if (data.n < MILTER_OPTLEN) {
		return (STATUS_SYNTAX);
	}
	r->version = get_u32(data.p);
	r->actions = get_u32(data.p + 4);
	r->steps = get_u32(data.p + 8);
	return (STATUS_OK);
}

/* Cuts "text NUL" off *rest. */
static bool
take_cstr(struct str *rest, struct str *text_r)
{
	size_t end = str_find(*rest, '\0');

	if (end == rest->n) {
		return (false);
	}
	*text_r = str_first(*rest, end);
	*rest = str_from_offset(*rest, end + 1);
	return (true);
}

static bool
take_u32(struct str *rest, uint32_t *value_r)
{
	if (rest->n < 4) {
		return (false);
	}
	*value_r = get_u32(rest->p);
	*rest = str_from_offset(*rest, 4);
	return (true);
}

enum status
wire_get_change(const struct wire_packet *packet, struct player_change *r)
{
	struct str rest = packet->data;
	bool ok;

	*r = (struct player_change){ .type = packet->cmd };
	switch (packet->cmd) {
	case SMFIR_REPLBODY:
		r->value = rest;
		return (STATUS_OK);
	case SMFIR_ADDHEADER:
		ok = take_cstr(&rest, &r->name) &&
		    field_name_is_valid(r->name) &&
		    take_cstr(&rest, &r->value);
		break;
	case SMFIR_INSHEADER:
		ok = take_u32(&rest, &r->index) &&
		    take_cstr(&rest, &r->name) &&
		    field_name_is_valid(r->name) &&
		    take_cstr(&rest, &r->value);
		break;
	case SMFIR_CHGHEADER:
		ok = take_u32(&rest, &r->index) && r->index >= 1 &&
		    take_cstr(&rest, &r->name) &&
		    field_name_is_valid(r->name) &&
		    take_cstr(&rest, &r->value);
		break;
	case SMFIR_QUARANTINE:
		ok = take_cstr(&rest, &r->value);
		break;
	case SMFIR_ADDRCPT:
	case SMFIR_DELRCPT:
		ok = take_cstr(&rest, &r->name);
		break;
	case SMFIR_ADDRCPT_PAR:
	case SMFIR_CHGFROM:	/* the parameters may be left out */
		ok = take_cstr(&rest, &r->name) &&
		    (rest.n == 0 || take_cstr(&rest, &r->value));
		break;
	default:
		ok = false;
		break;
	}
	return (ok && rest.n == 0 ? STATUS_OK : STATUS_SYNTAX);
}

enum status
wire_get_reply(struct str data, struct str *text_r)
{
	struct str text;

	if (!take_cstr(&data, &text) || data.n != 0 || text.n < 4 ||
	    (text.p[0] != '4' && text.p[0] != '5') ||
	    !char_is_digit(text.p[1]) || !char_is_digit(text.p[2]) ||
	    (text.p[3] != ' ' && text.p[3] != '-')) {
		return (STATUS_SYNTAX);
	}
	*text_r = text;
	return (STATUS_OK);
}

uint32_t
wire_change_needs(char type)
{
	switch (type) {
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
		return (SMFIF_ADDHDRS);
	case SMFIR_CHGHEADER:
		return (SMFIF_CHGHDRS);
	case SMFIR_REPLBODY:
		return (SMFIF_CHGBODY);
	case SMFIR_QUARANTINE:
		return (SMFIF_QUARANTINE);
	case SMFIR_ADDRCPT:
		return (SMFIF_ADDRCPT);
	case SMFIR_ADDRCPT_PAR:
		return (SMFIF_ADDRCPT_PAR);
	case SMFIR_DELRCPT:
		return (SMFIF_DELRCPT);
	case SMFIR_CHGFROM:
		return (SMFIF_CHGFROM);
	default:
		return (0);
	}
}
