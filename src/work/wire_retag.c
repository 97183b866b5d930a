/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans of tags on the wire. A plan comes from who has read a stranger's file: all is checked. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "work/wire.h"

void mm_wire_put_retag(struct mm_text *out, const struct mm_retag *wanted)
{
    mm_wire_put_f64(out, wanted->bpm);
    mm_wire_put_string(out, wanted->key);
    mm_wire_put_string(out, wanted->mood);
    mm_wire_put_string(out, wanted->cluster);
    mm_wire_put_u64(out, wanted->replace);
    mm_wire_put_u64(out, wanted->hash);
}

void mm_wire_get_retag(struct mm_wire_reader *in, struct mm_retag *wanted)
{
    *wanted = (struct mm_retag){.bpm = mm_wire_get_f64(in)};
    wanted->key = mm_wire_get_string(in);
    wanted->mood = mm_wire_get_string(in);
    wanted->cluster = mm_wire_get_string(in);
    wanted->replace = mm_wire_get_u64(in) != 0;
    wanted->hash = mm_wire_get_u64(in) != 0;
}

void mm_wire_put_plan(struct mm_text *out, const struct mm_retag_plan *plan)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        mm_wire_put_string(out, plan->had[f]);
        mm_wire_put_string(out, plan->value[f]);
        mm_wire_put_u64(out, plan->writes[f]);
    }
    mm_text_add_bytes(out, plan->rest, sizeof plan->rest);
    mm_wire_put_u64(out, plan->n);
    for (size_t i = 0; i < plan->n; i++) {
        const struct mm_piece *piece = &plan->pieces[i];
        mm_wire_put_u64(out, piece->bytes ? UINT64_MAX : piece->from);
        mm_wire_put_u64(out, piece->length);
        if (piece->bytes)
            mm_text_add_bytes(out, piece->bytes, (size_t)piece->length);
    }
}

static void get_piece(struct mm_wire_reader *in, struct mm_piece *piece)
{
    uint64_t from = mm_wire_get_u64(in);
    piece->length = mm_wire_get_u64(in);
    if (in->bad || from != UINT64_MAX) {
        piece->from = from;
        return;
    }
    if (piece->length > (uint64_t)(in->end - in->at) ||
        !(piece->bytes = malloc((size_t)piece->length + 1))) {
        in->bad = true;
        return;
    }
    memcpy(piece->bytes, in->at, (size_t)piece->length);
    in->at += piece->length;
}

void mm_wire_get_plan(struct mm_wire_reader *in, struct mm_retag_plan *plan)
{
    *plan = (struct mm_retag_plan){0};
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        plan->had[f] = mm_wire_get_text(in);
        plan->value[f] = mm_wire_get_text(in);
        plan->writes[f] = mm_wire_get_u64(in) != 0;
    }
    if (in->bad || (size_t)(in->end - in->at) < sizeof plan->rest) {
        in->bad = true;
        return;
    }
    memcpy(plan->rest, in->at, sizeof plan->rest);
    in->at += sizeof plan->rest;
    uint64_t n = mm_wire_get_u64(in);
    if (n > (uint64_t)(in->end - in->at) / 16)
        in->bad = true;
    plan->pieces = in->bad ? NULL : mm_calloc3((size_t)n, 1, sizeof *plan->pieces);
    in->bad |= !plan->pieces;
    for (; plan->n < n && !in->bad; plan->n++)
        get_piece(in, &plan->pieces[plan->n]);
}
