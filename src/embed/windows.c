/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void mm_windows_reset(struct mm_windows *w)
{
    w->filled = w->skip = w->total = w->emitted = 0;
    memset(w->buffer, 0, w->lead * sizeof *w->buffer);
    w->filled = w->total = w->lead;
}

int mm_windows_init(struct mm_windows *w, size_t length, size_t hop, size_t lead,
                    enum mm_windows_tail tail, struct mm_error *err)
{
    *w = (struct mm_windows){.length = length, .hop = hop, .lead = lead, .tail = tail};
    if (!length || !hop || lead >= length)
        return mm_error_set(err, MM_ERR_USAGE, "no windows of %zu samples every %zu", length, hop);
    w->buffer = mm_calloc3(length, sizeof *w->buffer, 1);
    if (!w->buffer)
        return mm_no_memory(err);
    mm_windows_reset(w);
    return 0;
}

void mm_windows_finish(struct mm_windows *w)
{
    free(w->buffer);
    *w = (struct mm_windows){0};
}

/* Hands out the full buffer and keeps what the next window shares with it. */
static int emit(struct mm_windows *w, mm_windows_fn *fn, void *ctx, struct mm_error *err)
{
    int result = fn(ctx, w->emitted++, w->buffer, err);
    if (w->hop < w->length) {
        w->filled = w->length - w->hop;
        memmove(w->buffer, w->buffer + w->hop, w->filled * sizeof *w->buffer);
    } else {
        w->filled = 0;
        w->skip = w->hop - w->length;
    }
    return result;
}

int mm_windows_push(struct mm_windows *w, const float *samples, size_t count, mm_windows_fn *fn,
                    void *ctx, struct mm_error *err)
{
    w->total += count;
    while (count > 0) {
        size_t passed = count < w->skip ? count : w->skip;
        w->skip -= passed;
        samples += passed;
        count -= passed;
        size_t room = w->length - w->filled;
        size_t taken = count < room ? count : room;
        memcpy(w->buffer + w->filled, samples, taken * sizeof *samples);
        w->filled += taken;
        samples += taken;
        count -= taken;
        if (w->filled == w->length) {
            int result = emit(w, fn, ctx, err);
            if (result != 0)
                return result;
        }
    }
    return 0;
}

static size_t windows_due(const struct mm_windows *w)
{
    if (w->total <= w->length)
        return 1;
    if (w->tail == MM_TAIL_DROP)
        return w->emitted;
    return 1 + (w->total - w->length + w->hop - 1) / w->hop;
}

int mm_windows_end(struct mm_windows *w, mm_windows_fn *fn, void *ctx, struct mm_error *err)
{
    int result = 0;
    if (w->total == w->lead)
        result = mm_error_set(err, MM_ERR_INPUT, "there is no sound in it, not one sample");
    size_t due = windows_due(w);
    while (result == 0 && w->emitted < due) {
        memset(w->buffer + w->filled, 0, (w->length - w->filled) * sizeof *w->buffer);
        w->filled = w->length;
        result = emit(w, fn, ctx, err);
    }
    mm_windows_reset(w);
    return result;
}
