/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/features.h"

#include <assert.h>
#include <stdlib.h>

#include "audio/intensity.h"
#include "audio/key.h"
#include "audio/moment.h"
#include "audio/onset.h"
#include "audio/tempo.h"
#include "base/array.h"

static_assert(MM_ONSET_RATE == MM_FEATURES_RATE && MM_KEY_RATE == MM_FEATURES_RATE,
              "one resampled stream feeds all");

struct mm_features {
    struct mm_onset *onset;
    struct mm_key *key;
    struct mm_tempo tempo;
    struct mm_moment moment;
};

static int take_frame(void *ctx, const struct mm_onset_frame *frame, struct mm_error *err)
{
    struct mm_features *f = ctx;
    (void)err;
    mm_tempo_push(&f->tempo, frame);
    mm_moment_push(&f->moment, frame);
    return 0;
}

int mm_features_create(struct mm_features **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_features *f = calloc(1, sizeof *f);
    if (!f)
        return mm_no_memory(err);
    int result = mm_onset_create(take_frame, f, &f->onset, err);
    if (result == 0)
        result = mm_key_create(&f->key, err);
    if (result < 0) {
        mm_features_destroy(f);
        return result;
    }
    *out = f;
    return 0;
}

void mm_features_destroy(struct mm_features *f)
{
    if (!f)
        return;
    mm_key_destroy(f->key);
    mm_onset_destroy(f->onset);
    free(f);
}

int mm_features_push(struct mm_features *f, const float *samples, size_t count,
                     struct mm_error *err)
{
    mm_key_push(f->key, samples, count);
    return mm_onset_push(f->onset, samples, count, err);
}

int mm_features_finish(struct mm_features *f, struct mm_measure *measure, struct mm_error *err)
{
    int result = mm_onset_finish(f->onset, err);
    if (result != 0)
        return result;
    mm_tempo_finish(&f->tempo, &measure->tempo_bpm, &measure->tempo_confidence);
    mm_key_finish(f->key, measure);
    measure->intensity = mm_intensity(measure->loudness_lufs, mm_moment_flux(&f->moment),
                                      mm_moment_onset_rate(&f->moment));
    measure->onset_s = mm_moment_find(&f->moment);
    return 0;
}
