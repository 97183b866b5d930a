/* SPDX-License-Identifier: BSD-2-Clause */
#include "set/library.h"

#include <math.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"

const char *const mm_field_names[MM_FIELDS] = {"artist", "album",  "country", "source",
                                               "genre",  "decade", "work"};

/* ---- texts ---- */

static size_t bytes_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *keep(char **at, const char *text)
{
    if (!text)
        return NULL;
    size_t count = strlen(text) + 1;
    char *copy = memcpy(*at, text, count);
    *at += count;
    return copy;
}

/* One block for all texts and one for all lists of genres. */
static int copy_songs(struct mm_set_library *l, const struct mm_set_library_input *in,
                      struct mm_error *err)
{
    size_t bytes = 1;
    size_t n_genres = 0;
    for (size_t i = 0; i < in->n; i++) {
        const struct mm_set_song *s = &in->songs[i];
        bytes += bytes_of(s->title) + bytes_of(s->artist) + bytes_of(s->album) +
                 bytes_of(s->source) + bytes_of(s->path) + bytes_of(s->isrc);
        for (size_t g = 0; g < s->n_genres; g++)
            bytes += bytes_of(s->genres[g]);
        n_genres += s->n_genres;
    }
    l->songs = mm_calloc3(in->n, 1, sizeof *l->songs);
    l->strings = malloc(bytes);
    l->genres = mm_calloc3(n_genres, 1, sizeof *l->genres);
    if (!l->songs || !l->strings || !l->genres)
        return mm_no_memory(err);
    char *at = l->strings;
    const char **genre = l->genres;
    for (size_t i = 0; i < in->n; i++) {
        struct mm_set_song *s = &l->songs[i];
        *s = in->songs[i];
        s->title = keep(&at, s->title);
        s->artist = keep(&at, s->artist);
        s->album = keep(&at, s->album);
        s->source = keep(&at, s->source);
        s->path = keep(&at, s->path);
        s->isrc = keep(&at, s->isrc);
        for (size_t g = 0; g < s->n_genres; g++)
            genre[g] = keep(&at, in->songs[i].genres[g]);
        s->genres = genre;
        genre += s->n_genres;
    }
    return 0;
}

static int copy_countries(struct mm_set_library *l, const struct mm_set_library_input *in,
                          struct mm_error *err)
{
    l->countries = mm_calloc3(in->n_countries, 1, sizeof *l->countries);
    if (!l->countries)
        return mm_no_memory(err);
    for (; l->n_countries < in->n_countries; l->n_countries++) {
        l->countries[l->n_countries] = mm_strdup(in->countries[l->n_countries]);
        if (!l->countries[l->n_countries])
            return mm_no_memory(err);
    }
    return 0;
}

/* ---- names as numbers ---- */

/* Takes folded; "" and NULL (memory is out) included. */
static int number(struct mm_set_library *l, enum mm_field field, char *folded, uint32_t *out,
                  struct mm_error *err)
{
    *out = MM_SET_NONE;
    int result = folded ? 0 : mm_no_memory(err);
    if (result == 0 && *folded)
        result = mm_intern_add(&l->names[field], folded, out, err);
    free(folded);
    return result;
}

static int number_text(struct mm_set_library *l, enum mm_field field, const char *text,
                       uint32_t *out, struct mm_error *err)
{
    return number(l, field, mm_text_fold(text ? text : ""), out, err);
}

/* Albums of one name by different artists are different albums. */
static char *album_key(const struct mm_set_song *s)
{
    char *folded = mm_text_fold(s->album ? s->album : "");
    char *artist = folded && *folded ? mm_artist_key(s->artist) : NULL;
    char *key = artist ? mm_format("%s\n%s", artist, folded) : mm_strdup(folded ? "" : NULL);
    free(artist);
    free(folded);
    return key;
}

static int number_song(struct mm_set_library *l, size_t i, struct mm_error *err)
{
    const struct mm_set_song *s = &l->songs[i];
    int result =
        number(l, MM_FIELD_ARTIST, mm_artist_key(s->artist), &l->field[MM_FIELD_ARTIST][i], err);
    if (result == 0)
        result = number(l, MM_FIELD_ALBUM, album_key(s), &l->field[MM_FIELD_ALBUM][i], err);
    if (result == 0)
        result = number_text(l, MM_FIELD_SOURCE, s->source, &l->field[MM_FIELD_SOURCE][i], err);
    if (result == 0)
        result = number(l, MM_FIELD_WORK, mm_work_key(s->artist, s->title),
                        &l->field[MM_FIELD_WORK][i], err);
    l->field[MM_FIELD_COUNTRY][i] = s->country;
    l->field[MM_FIELD_DECADE][i] = s->year > 0 ? (uint32_t)s->year / 10 : MM_SET_NONE;
    l->field[MM_FIELD_GENRE][i] = MM_SET_NONE;
    uint32_t *ids = l->genre_ids + l->genre_first[i];
    for (size_t g = 0; g < s->n_genres && result == 0; g++)
        result = number_text(l, MM_FIELD_GENRE, s->genres[g], &ids[g], err);
    if (result == 0 && s->n_genres)
        l->field[MM_FIELD_GENRE][i] = ids[0];
    return result;
}

static int number_songs(struct mm_set_library *l, struct mm_error *err)
{
    l->genre_first = mm_calloc3(l->n + 1, 1, sizeof *l->genre_first);
    if (!l->genre_first)
        return mm_no_memory(err);
    for (size_t i = 0; i < l->n; i++)
        l->genre_first[i + 1] = l->genre_first[i] + (uint32_t)l->songs[i].n_genres;
    l->genre_ids = mm_calloc3(l->genre_first[l->n], 1, sizeof *l->genre_ids);
    for (size_t f = 0; f < MM_FIELDS; f++) {
        l->field[f] = mm_calloc3(l->n, 1, sizeof *l->field[f]);
        if (!l->field[f])
            return mm_no_memory(err);
    }
    int result = l->genre_ids ? 0 : mm_no_memory(err);
    for (size_t c = 0; c < l->n_countries && result == 0; c++) {
        char *folded = mm_text_fold(l->countries[c]);
        uint32_t at;
        result = folded ? mm_intern_add(&l->names[MM_FIELD_COUNTRY], folded, &at, err)
                        : mm_no_memory(err);
        free(folded);
    }
    for (size_t i = 0; i < l->n && result == 0; i++)
        result = number_song(l, i, err);
    return result;
}

/* ---- vectors ---- */

static int copy_rows(float **out, const float *rows, size_t n, size_t dim, struct mm_error *err)
{
    *out = mm_calloc3(n, dim, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const float *from = rows + i * dim;
        double sum = 0;
        for (size_t d = 0; d < dim; d++)
            sum += (double)from[d] * (double)from[d];
        if (!isfinite(sum))
            return mm_error_set(err, MM_ERR_INPUT, "the vector of song %zu is not finite", i);
        float scale = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
        for (size_t d = 0; d < dim; d++)
            (*out)[i * dim + d] = from[d] * scale;
    }
    return 0;
}

struct ranked {
    double value;
    uint32_t song;
};

static int by_value(const void *one, const void *two)
{
    const struct ranked *a = one;
    const struct ranked *b = two;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->song > b->song) - (a->song < b->song);
}

/* Ranks instead of values: an arc from 0 to 1 then uses the whole library, however narrow its
 * intensities lie. Equal values share the middle of their ranks. */
static int rank_intensity(struct mm_set_library *l, struct mm_error *err)
{
    struct ranked *list = mm_calloc3(l->n, 1, sizeof *list);
    l->rank = mm_calloc3(l->n, 1, sizeof *l->rank);
    if (!list || !l->rank) {
        free(list);
        return mm_no_memory(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        l->rank[i] = 0.5F;
        if (isfinite(l->songs[i].intensity))
            list[n++] = (struct ranked){l->songs[i].intensity, (uint32_t)i};
    }
    qsort(list, n, sizeof *list, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && list[end].value == list[i].value;)
            end++;
        for (size_t k = i; k < end && n > 1; k++)
            l->rank[list[k].song] = (float)((double)(i + end - 1) / 2 / (double)(n - 1));
    }
    free(list);
    return 0;
}

/* ---- ids and hash ---- */

static int compare_ids(const void *one, const void *two, void *ctx)
{
    const struct mm_set_song *songs = ctx;
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    if (songs[a].id != songs[b].id)
        return songs[a].id < songs[b].id ? -1 : 1;
    return (a > b) - (a < b);
}

static int sort_ids(struct mm_set_library *l, struct mm_error *err)
{
    l->by_id = mm_calloc3(l->n, 1, sizeof *l->by_id);
    if (!l->by_id)
        return mm_no_memory(err);
    for (size_t i = 0; i < l->n; i++)
        l->by_id[i] = (uint32_t)i;
    qsort_r(l->by_id, l->n, sizeof *l->by_id, compare_ids, l->songs);
    return 0;
}

static void mix(uint64_t *h, const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, count - i < 8 ? count - i : 8);
        *h = (*h ^ word) * 0x9E3779B97F4A7C15u;
        *h ^= *h >> 32;
    }
}

static void mix_text(uint64_t *h, const char *text)
{
    mix(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static int hash_library(struct mm_set_library *l, struct mm_error *err)
{
    uint64_t *digests = mm_calloc3(l->n, 1, sizeof *digests);
    if (!digests)
        return mm_no_memory(err);
    for (size_t i = 0; i < l->n; i++) {
        const struct mm_set_song *s = &l->songs[i];
        const double numbers[] = {s->duration_s, s->tempo_bpm,     s->tempo_confidence,
                                  s->intensity,  s->loudness_lufs, s->key_confidence};
        const int64_t integers[] = {s->id,      s->year,   s->key,     (int64_t)s->mode,
                                    s->country, s->rating, s->starred, s->plays};
        const float place[] = {s->x, s->y};
        mix(&digests[i], place, sizeof place);
        mix(&digests[i], numbers, sizeof numbers);
        mix(&digests[i], integers, sizeof integers);
        mix_text(&digests[i], s->title);
        mix_text(&digests[i], s->artist);
        mix_text(&digests[i], s->album);
        mix_text(&digests[i], s->source);
        mix_text(&digests[i], s->path);
        for (size_t g = 0; g < s->n_genres; g++)
            mix_text(&digests[i], s->genres[g]);
        mix(&digests[i], mm_set_row(l, i), l->dim * sizeof(float));
        if (l->intros) {
            mix(&digests[i], l->intros + i * l->dim, l->dim * sizeof(float));
            mix(&digests[i], l->outros + i * l->dim, l->dim * sizeof(float));
        }
    }
    unsigned char hash[MM_HASH_SIZE];
    int result = mm_hash_bytes(digests, l->n * sizeof *digests, hash, err);
    free(digests);
    if (result == 0)
        mm_hash_hex(hash, l->hash);
    return result;
}

/* ---- the whole ---- */

static int check_input(const struct mm_set_library_input *in, struct mm_error *err)
{
    if (in->n == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "there is no song to make a set of");
    if (in->n >= MM_SET_NONE / 64 || in->dim == 0 || !in->intros != !in->outros)
        return mm_error_set(err, MM_ERR_USAGE, "not a library of songs with vectors");
    for (size_t i = 0; i < in->n; i++) {
        const struct mm_set_song *s = &in->songs[i];
        if (s->country != MM_SET_NONE && s->country >= in->n_countries)
            return mm_error_set(err, MM_ERR_USAGE, "song %zu lies in no country of the map", i);
        if (!isfinite(s->duration_s) || s->duration_s < 0 || s->n_genres > 4096)
            return mm_error_set(err, MM_ERR_USAGE, "song %zu is not a song", i);
    }
    return 0;
}

int mm_set_library_create(const struct mm_set_library_input *in, struct mm_set_library **out,
                          struct mm_error *err)
{
    *out = NULL;
    int result = check_input(in, err);
    if (result < 0)
        return result;
    struct mm_set_library *l = calloc(1, sizeof *l);
    if (!l)
        return mm_no_memory(err);
    l->n = in->n;
    l->dim = in->dim;
    result = copy_songs(l, in, err);
    if (result == 0)
        result = copy_countries(l, in, err);
    if (result == 0)
        result = number_songs(l, err);
    if (result == 0)
        result = copy_rows(&l->rows, in->rows, in->n, in->dim, err);
    if (result == 0 && in->intros)
        result = copy_rows(&l->intros, in->intros, in->n, in->dim, err);
    if (result == 0 && in->outros)
        result = copy_rows(&l->outros, in->outros, in->n, in->dim, err);
    if (result == 0)
        result = mm_set_index_rows(l, err);
    if (result == 0)
        result = rank_intensity(l, err);
    if (result == 0)
        result = sort_ids(l, err);
    if (result == 0)
        result = hash_library(l, err);
    if (result < 0)
        mm_set_library_destroy(l);
    else
        *out = l;
    return result;
}

void mm_set_library_destroy(struct mm_set_library *l)
{
    if (!l)
        return;
    for (size_t f = 0; f < MM_FIELDS; f++) {
        free(l->field[f]);
        mm_intern_finish(&l->names[f]);
    }
    for (size_t c = 0; c < l->n_countries; c++)
        free(l->countries[c]);
    free(l->countries);
    free(l->songs);
    free(l->strings);
    free(l->genres);
    free(l->rows);
    free(l->intros);
    free(l->outros);
    free(l->lead);
    free(l->rest);
    free(l->rank);
    free(l->genre_first);
    free(l->genre_ids);
    free(l->by_id);
    free(l);
}

size_t mm_set_library_size(const struct mm_set_library *library)
{
    return library->n;
}

const struct mm_set_song *mm_set_library_song(const struct mm_set_library *library, size_t index)
{
    return index < library->n ? &library->songs[index] : NULL;
}

const char *mm_set_library_country(const struct mm_set_library *library, uint32_t country)
{
    return country < library->n_countries ? library->countries[country] : "";
}

uint32_t mm_set_library_find(const struct mm_set_library *library, int64_t id)
{
    size_t low = 0;
    size_t high = library->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (library->songs[library->by_id[middle]].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < library->n && library->songs[library->by_id[low]].id == id;
    return found ? library->by_id[low] : MM_SET_NONE;
}

void mm_set_library_note_play(struct mm_set_library *library, uint32_t song, int64_t at)
{
    if (song >= library->n)
        return;
    struct mm_set_song *s = &library->songs[song];
    s->last_played = at > s->last_played ? at : s->last_played;
    s->shows_ago = 1;
}

void mm_set_library_withhold(struct mm_set_library *library, uint32_t song)
{
    if (song < library->n)
        library->songs[song].duration_s = 0;
}

const char *mm_set_library_hash(const struct mm_set_library *library)
{
    return library->hash;
}
