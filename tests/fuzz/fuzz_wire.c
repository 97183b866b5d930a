/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a helper process says that a stranger's file has taken over, and what it is told: the first
 * byte chooses the message. What is believed is clean, and means the same on a second journey.
 */
#include "fuzz.h"

#include "work/wire.h"

static void must_be_measure(const struct mm_measure *m)
{
    const double numbers[] = {m->excerpt_start_s, m->excerpt_length_s, m->onset_s,
                              m->peak_dbfs,       m->tempo_bpm,        m->tempo_confidence,
                              m->key_confidence,  m->intensity};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        must(!isnan(numbers[i]));
    must(!isnan(m->loudness_lufs));
    must(m->tempo_bpm >= 0 && m->tempo_bpm <= 10000 && isfinite(m->onset_s));
    must(m->intensity >= 0 && m->intensity <= 1);
    must(m->key >= -1 && m->key <= 11);
}

/* Takes one message in and gives it out again; false: it makes no sense. */
typedef bool pass_fn(struct mm_wire_reader in, struct mm_text *out);

static bool pass_info(struct mm_wire_reader in, struct mm_text *out)
{
    struct mm_audio_info info;
    mm_wire_get_info(&in, &info);
    if (!in.bad) {
        must_be_tags(&info.tags);
        must_be_length(info.duration_s);
        must_be_clean(info.codec);
        must(info.sample_rate >= 0 && info.channels >= 0);
        mm_wire_put_info(out, &info);
    }
    mm_audio_info_finish(&info);
    return !in.bad;
}

static bool pass_measure(struct mm_wire_reader in, struct mm_text *out)
{
    struct mm_measure measure;
    mm_wire_get_measure(&in, &measure);
    if (in.bad)
        return false;
    must_be_measure(&measure);
    mm_wire_put_measure(out, &measure);
    return true;
}

static bool pass_plan(struct mm_wire_reader in, struct mm_text *out)
{
    struct mm_retag_plan plan;
    mm_wire_get_plan(&in, &plan);
    if (!in.bad) {
        for (int f = 0; f < MM_RETAG_FIELDS; f++) {
            must_be_clean(plan.had[f]);
            must_be_clean(plan.value[f]);
        }
        mm_wire_put_plan(out, &plan);
    }
    mm_retag_plan_finish(&plan);
    return !in.bad;
}

static bool pass_request(struct mm_wire_reader in, struct mm_text *out)
{
    struct mm_audio_request request;
    mm_wire_get_request(&in, &request);
    must(request.n_rates <= MM_AUDIO_MAX_RATES);
    if (!in.bad)
        mm_wire_put_request(out, &request);
    return !in.bad;
}

static bool pass_retag(struct mm_wire_reader in, struct mm_text *out)
{
    struct mm_retag wanted;
    mm_wire_get_retag(&in, &wanted);
    if (!in.bad)
        mm_wire_put_retag(out, &wanted);
    free((char *)wanted.key);
    free((char *)wanted.mood);
    free((char *)wanted.cluster);
    return !in.bad;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static pass_fn *const passes[] = {pass_info, pass_measure, pass_plan, pass_request, pass_retag};
    if (size < 1)
        return 0;
    pass_fn *pass = passes[data[0] % (sizeof passes / sizeof *passes)];
    char *copy = text_of(data + 1, size - 1);
    struct mm_wire_message message = {.data = (unsigned char *)copy,
                                      .length = (uint32_t)(size - 1)};
    struct mm_text once = {0};
    struct mm_text twice = {0};
    if (pass(mm_wire_reader(&message), &once)) {
        message.data = (unsigned char *)once.data;
        message.length = (uint32_t)once.length;
        must(pass(mm_wire_reader(&message), &twice));
        must(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
    }
    mm_text_finish(&twice);
    mm_text_finish(&once);
    free(copy);
    return 0;
}
