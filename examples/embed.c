/* SPDX-License-Identifier: BSD-2-Clause */
/* How alike two sound files are: both are embedded, and the angle between the vectors is told. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <musicmap/audio.h>
#include <musicmap/embed.h>
#include <musicmap/store.h>

static int push(void *stream, size_t rate, const float *samples, size_t n, struct mm_error *err)
{
    (void)rate;
    return mm_embed_stream_push(stream, samples, n, err);
}

static int embed(struct mm_embedder *embedder, const char *path, struct mm_embedding *out,
                 struct mm_error *err)
{
    struct mm_embed_stream *stream;
    struct mm_measure measure;
    const struct mm_audio_request request = {
        .excerpt_s = 30, .n_rates = 1, .rates = {mm_embedder_model(embedder)->sample_rate}};
    int result = mm_embed_stream_create(embedder, &stream, err);
    if (result == 0)
        result = mm_audio_analyse(path, &request, push, stream, &measure, err);
    if (result == 0)
        result = mm_embed_stream_finish(stream, out, err);
    mm_embed_stream_destroy(stream);
    return result;
}

static double cosine(const struct mm_embedding *a, const struct mm_embedding *b)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a->dim; i++) {
        ab += (double)a->values[i] * (double)b->values[i];
        aa += (double)a->values[i] * (double)a->values[i];
        bb += (double)b->values[i] * (double)b->values[i];
    }
    return ab / sqrt(aa * bb);
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_embedder *embedder = NULL;
    struct mm_embedding a = {0}, b = {0};
    const struct mm_embed_settings settings = {.model = MM_MODEL_BUILT_IN, .center = -1};
    if (argc != 3) {
        fputs("usage: embed FILE FILE\n", stderr);
        return 2;
    }
    int result = mm_embedder_create(&settings, &embedder, &err);
    if (result == 0)
        result = embed(embedder, argv[1], &a, &err);
    if (result == 0)
        result = embed(embedder, argv[2], &b, &err);
    if (result == 0)
        printf("%s: %zu values, cosine %.3f\n", settings.model, a.dim, cosine(&a, &b));
    else
        fprintf(stderr, "%s\n", err.message);
    mm_embedding_finish(&a);
    mm_embedding_finish(&b);
    mm_embedder_destroy(embedder);
    return result == 0 ? 0 : 3;
}
