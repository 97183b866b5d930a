/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/words.h"

#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

static const float TAG_SAID = 0.1F; /* tags below are not what a song is like */

/* Songs and tags both come in order of id; what is said of each song is put together first. */
struct line {
    char *text; /* heap; NULL = none. First the tags alone, then all */
    bool whole;
};

struct making {
    const uint32_t *songs; /* [n] */
    size_t n;
    size_t at; /* walks along */
    struct line *lines;
};

/* Index of id, walking on; n = it is not among the songs. */
static size_t walk(struct making *m, int64_t id)
{
    while (m->at < m->n && m->songs[m->at] < id)
        m->at++;
    return m->at < m->n && m->songs[m->at] == id ? m->at : m->n;
}

static int on_tags(void *ctx, int64_t song, const struct mm_song_tags *tags, struct mm_error *err)
{
    struct making *m = ctx;
    size_t i = walk(m, song);
    if (i == m->n)
        return 0;
    struct mm_text text = {0};
    for (size_t t = 0; t < tags->n; t++) {
        if (!(tags->values[t] >= TAG_SAID))
            continue;
        mm_text_add(&text, text.length ? ", " : "");
        mm_text_add(&text, tags->names[t]);
    }
    bool failed = text.failed;
    m->lines[i].text = mm_text_steal(&text);
    return failed ? mm_no_memory(err) : 0;
}

/* The catalog is a file on disk: what is no clean line is repaired rather than trusted. */
static void add_clean(struct mm_text *out, const char *text)
{
    if (!text)
        return;
    bool plain = mm_text_is_utf8(text, strlen(text));
    for (const unsigned char *p = (const unsigned char *)text; *p && plain; p++)
        plain = *p >= 32 && *p != 127;
    char *clean = plain ? NULL : mm_text_clean_utf8(text, strlen(text));
    mm_text_add(out, plain ? text : clean ? clean : "");
    free(clean);
}

static int on_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct making *m = ctx;
    size_t i = walk(m, song->id);
    if (i == m->n)
        return 0;
    struct mm_text text = {0};
    const struct mm_tags *t = &song->tags;
    bool titled = t->title && *t->title;
    add_clean(&text, titled ? t->title : song->key ? mm_path_name(song->key) : "");
    mm_text_add(&text, "\t");
    add_clean(&text, t->artist);
    mm_text_add(&text, "\t");
    add_clean(&text, t->album);
    mm_text_add(&text, "\t");
    for (size_t g = 0; g < t->n_genres; g++) {
        mm_text_add(&text, g ? ", " : "");
        add_clean(&text, t->genres[g]);
    }
    mm_text_add(&text, "\t");
    add_clean(&text, m->lines[i].text);
    free(m->lines[i].text);
    bool failed = text.failed;
    m->lines[i] = (struct line){mm_text_steal(&text), true};
    return failed ? mm_no_memory(err) : 0;
}

int mm_words_make(struct mm_catalog *catalog, const uint32_t *songs, const uint32_t *order,
                  size_t n, struct mm_blob **out, struct mm_error *err)
{
    *out = NULL;
    struct making m = {.songs = songs, .n = n, .lines = mm_calloc3(n, 1, sizeof *m.lines)};
    int result = m.lines ? 0 : mm_no_memory(err);
    if (result == 0 && n)
        result = mm_catalog_each_tags(catalog, songs[0], songs[n - 1], on_tags, &m, err);
    m.at = 0;
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, on_song, &m, err);
    struct mm_text all = {0};
    for (size_t i = 0; m.lines && i < n; i++) {
        const char *line = m.lines[order[i]].text;
        mm_text_add(&all, m.lines[order[i]].whole && line ? line : "");
        mm_text_add(&all, "\n");
    }
    size_t size = all.length;
    char *text = mm_text_steal(&all);
    if (result == 0 && !text)
        result = mm_no_memory(err);
    if (result == 0) {
        result = mm_blob_create((unsigned char *)text, size, "text/plain; charset=utf-8", out, err);
        text = NULL;
    }
    if (result == 0)
        result = mm_blob_compress(*out, err);
    if (result < 0) {
        mm_blob_release(*out);
        *out = NULL;
    }
    free(text);
    for (size_t i = 0; m.lines && i < n; i++)
        free(m.lines[i].text);
    free(m.lines);
    return result;
}
