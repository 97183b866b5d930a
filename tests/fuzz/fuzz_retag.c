/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files whose tags are written: ID3v2, FLAC, Ogg, MP4. The first byte says which fields and whether
 * they replace others. The new file is made of pieces of the old one, says what it was to say, and
 * all else is as it was.
 */
#include "fuzz.h"

#include "musicmap/audio.h"

/* The new file; heap. */
static unsigned char *apply(const struct mm_retag_plan *plan, const unsigned char *old, size_t n,
                            size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct mm_piece *p = &plan->pieces[i];
        must(p->bytes || (p->from <= n && p->length <= n - p->from));
        *size += p->length;
    }
    must(*size < 4 * n + 65536);
    unsigned char *made = malloc(*size + 1);
    must(made);
    size_t at = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct mm_piece *p = &plan->pieces[i];
        memcpy(made + at, p->bytes ? p->bytes : old + p->from, p->length);
        at += p->length;
    }
    return made;
}

static void must_be_plan(const struct mm_retag_plan *plan)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        must_be_clean(plan->had[f]);
        must_be_clean(plan->value[f]);
        must(!plan->writes[f] || plan->n);
    }
}

static void look_again(const struct mm_retag_plan *plan, const struct mm_retag *wanted,
                       const unsigned char *made, size_t size)
{
    struct mm_error err = {0};
    struct mm_retag_plan again;
    struct memory_file file = file_of(made, size);
    must(mm_audio_retag(file.path, wanted, &again, &err) == 0);
    must(again.n == 0 && memcmp(again.rest, plan->rest, sizeof plan->rest) == 0);
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        const char *meant = plan->writes[f] ? plan->value[f] : plan->had[f];
        must(!meant || (again.had[f] && strcmp(again.had[f], meant) == 0));
    }
    mm_retag_plan_finish(&again);
    close(file.fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct mm_retag wanted = {.bpm = data[0] & 1 ? 123.45 : 0,
                                    .key = data[0] & 2 ? "F#m" : NULL,
                                    .mood = data[0] & 4 ? "happy" : NULL,
                                    .cluster =
                                        data[0] & 8 ? "S\303\274\303\237e T\303\266ne" : NULL,
                                    .replace = data[0] & 16,
                                    .hash = true};
    struct mm_error err = {0};
    struct mm_retag_plan plan;
    struct memory_file file = file_of(data + 1, size - 1);
    int result = mm_audio_retag(file.path, &wanted, &plan, &err);
    must_say(result, &err);
    if (result == 0) {
        must_be_plan(&plan);
        size_t n;
        unsigned char *made = apply(&plan, data + 1, size - 1, &n);
        if (plan.n)
            look_again(&plan, &wanted, made, n);
        free(made);
        mm_retag_plan_finish(&plan);
    }
    close(file.fd);
    return 0;
}
