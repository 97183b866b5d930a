/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/tags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* ---- text ---- */

/* Windows-1252, 0x80 to 0x9f; 0 = not assigned. */
static const unsigned short cp1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static void add_code(struct mm_text *out, unsigned code)
{
    char b[3];
    if (code < 0x80) {
        b[0] = (char)code;
        mm_text_add_bytes(out, b, 1);
    } else if (code < 0x800) {
        b[0] = (char)(0xc0 | code >> 6);
        b[1] = (char)(0x80 | (code & 0x3f));
        mm_text_add_bytes(out, b, 2);
    } else {
        b[0] = (char)(0xe0 | code >> 12);
        b[1] = (char)(0x80 | (code >> 6 & 0x3f));
        b[2] = (char)(0x80 | (code & 0x3f));
        mm_text_add_bytes(out, b, 3);
    }
}

/* UTF-8 whose characters are all below U+0100 and, taken as bytes, are UTF-8 again ("CafÃ©"). NULL
 * when it is no such text (or memory is out: the caller goes on with what it has). */
static char *undo_double(const char *bytes, size_t count, size_t *length)
{
    char *narrow = malloc(count + 1);
    size_t n = 0;
    bool high = false;
    for (size_t i = 0; narrow && i < count; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 0x80) {
            if ((c != 0xc2 && c != 0xc3) || i + 1 >= count)
                break;
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)bytes[++i] & 0x3f));
            high = true;
        }
        narrow[n++] = (char)c;
        *length = i + 1;
    }
    if (!narrow || !high || *length != count || !mm_text_is_utf8(narrow, n)) {
        free(narrow);
        return NULL;
    }
    *length = n;
    return narrow;
}

char *mm_tags_decode(const char *bytes, size_t count)
{
    if (mm_text_is_utf8(bytes, count)) {
        size_t length = 0;
        char *narrow = undo_double(bytes, count, &length);
        char *clean =
            narrow ? mm_text_clean_utf8(narrow, length) : mm_text_clean_utf8(bytes, count);
        free(narrow);
        return clean;
    }
    struct mm_text text = {0};
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)bytes[i];
        unsigned code = c >= 0x80 && c < 0xa0 ? cp1252[c - 0x80] : c;
        add_code(&text, code ? code : 0xfffd);
    }
    char *wide = mm_text_steal(&text);
    char *clean = wide ? mm_text_clean_utf8(wide, strlen(wide)) : NULL;
    free(wide);
    return clean;
}

/* ---- values ---- */

/* An empty text is no text. */
static int set_text(char **member, const char *bytes)
{
    if (*member || !bytes)
        return 0;
    char *text = mm_tags_decode(bytes, strlen(bytes));
    if (!text)
        return MM_ERR_NO_MEMORY;
    if (!*text) {
        free(text);
        return 0;
    }
    *member = text;
    return 0;
}

int mm_tags_set_isrc(struct mm_tags *tags, const char *text)
{
    char isrc[13];
    size_t n = 0;
    if (tags->isrc || !text)
        return 0;
    while (isspace((unsigned char)*text))
        text++;
    if (strncasecmp(text, "ISRC", 4) == 0 && !isalnum((unsigned char)text[4]))
        text += 5;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '-' || c == ' ')
            continue;
        if (!isalnum(c) || c >= 0x80 || n == 12)
            break;
        isrc[n++] = (char)toupper(c);
    }
    /* Country and registrant, then year and number: 2 letters, 3 of either kind, 7 digits. */
    bool good = n == 12 && (*text == '\0' || strchr(";/, \t", *text)) &&
                isupper((unsigned char)isrc[0]) && isupper((unsigned char)isrc[1]);
    for (size_t i = 5; good && i < 12; i++)
        good = isdigit((unsigned char)isrc[i]);
    if (!good)
        return 0;
    tags->isrc = mm_strndup(isrc, 12);
    return tags->isrc ? 0 : MM_ERR_NO_MEMORY;
}

int mm_tags_set_musicbrainz(struct mm_tags *tags, const char *text)
{
    if (tags->musicbrainz_id || !text)
        return 0;
    char id[37];
    size_t n = 0;
    for (; n < 36 && text[n]; n++) {
        bool dash = n == 8 || n == 13 || n == 18 || n == 23;
        if (dash ? text[n] != '-' : !isxdigit((unsigned char)text[n]))
            return 0;
        id[n] = (char)tolower((unsigned char)text[n]);
    }
    if (n != 36 || isalnum((unsigned char)text[36]))
        return 0;
    tags->musicbrainz_id = mm_strndup(id, 36);
    return tags->musicbrainz_id ? 0 : MM_ERR_NO_MEMORY;
}

static int parse_year(const char *text)
{
    for (const char *p = text; p && *p; p++) {
        if (!isdigit((unsigned char)*p))
            continue;
        size_t digits = strspn(p, "0123456789");
        if (digits == 4 || digits == 8) { /* 1999, 19991231 */
            int year = (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0';
            if (year >= 1000 && year < 3000)
                return year;
        }
        p += digits - 1;
    }
    return 0;
}

/* "3", "03", "3/12". */
static int parse_count(const char *text)
{
    char *end;
    long n = text ? strtol(text, &end, 10) : 0;
    return n > 0 && n < 100000 ? (int)n : 0;
}

int mm_tags_set_frame(struct mm_tags *tags, const char *id, const char *text)
{
    const struct {
        const char *id, *short_id;
        char **text;
        int *number;
    } frames[] = {
        {"TIT2", "TT2", &tags->title, NULL}, {"TPE1", "TP1", &tags->artist, NULL},
        {"TALB", "TAL", &tags->album, NULL}, {"TPE2", "TP2", &tags->album_artist, NULL},
        {"TRCK", "TRK", NULL, &tags->track}, {"TPOS", "TPA", NULL, &tags->disc},
        {"TYER", "TYE", NULL, &tags->year},
    };
    if (strcmp(id, "TSRC") == 0 || strcmp(id, "TRC") == 0)
        return mm_tags_set_isrc(tags, text);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        if (strcmp(id, frames[i].id) != 0 && strcmp(id, frames[i].short_id) != 0)
            continue;
        if (frames[i].text)
            return set_text(frames[i].text, text);
        int *number = frames[i].number;
        if (number && *number == 0)
            *number = number == &tags->year ? parse_year(text) : parse_count(text);
    }
    return 0;
}

/* ---- genres ---- */

/* "(4)(13)Eurodisco", "((written in brackets)": how ID3v2.3 refers to ID3v1's numbers. Returns what
 * follows the numbers. */
static const char *take_numbers(struct mm_tags *tags, const char *text, int *result)
{
    while (*result == 0 && text[0] == '(' && text[1] != '(') {
        char *end;
        long number = strtol(text + 1, &end, 10);
        const char *name = NULL;
        if (end != text + 1 && *end == ')' && number >= 0 && number < 256)
            name = mm_tags_id3_genre((int)number);
        else if (strncmp(text, "(RX)", 4) == 0 || strncmp(text, "(CR)", 4) == 0) {
            name = text[1] == 'R' ? "Remix" : "Cover";
            end = (char *)text + 3;
        }
        if (!name)
            break;
        *result = mm_tags_add_genre(tags, name);
        text = end + 1;
    }
    return text[0] == '(' && text[1] == '(' ? text + 1 : text;
}

static int add_one(struct mm_tags *tags, const char *bytes, size_t count)
{
    char *text = mm_tags_decode(bytes, count);
    int result = text ? 0 : MM_ERR_NO_MEMORY;
    if (text) {
        const char *rest = take_numbers(tags, text, &result);
        char *end;
        long number = strtol(rest, &end, 10);
        const char *name = end != rest && *end == '\0' && number >= 0 && number < 256
                               ? mm_tags_id3_genre((int)number)
                               : NULL;
        if (result == 0 && name)
            result = mm_tags_add_genre(tags, name);
        else if (result == 0)
            result = mm_tags_split_genres(tags, rest, strlen(rest));
    }
    free(text);
    return result;
}

int mm_tags_add_genres(struct mm_tags *tags, const char *bytes, size_t count)
{
    int result = 0;
    for (size_t begin = 0; begin < count && result == 0;) {
        const char *nul = memchr(bytes + begin, '\0', count - begin);
        size_t end = nul ? (size_t)(nul - bytes) : count;
        if (end > begin)
            result = add_one(tags, bytes + begin, end - begin);
        begin = end + 1;
    }
    return result;
}

/* ---- containers ---- */

static const char *lookup(const struct mm_input *in, const char *const *keys)
{
    for (; *keys; keys++) {
        const AVDictionaryEntry *e = av_dict_get(in->format->metadata, *keys, NULL, 0);
        if (!e || !*e->value)
            e = av_dict_get(in->stream->metadata, *keys, NULL, 0);
        if (e && *e->value)
            return e->value;
    }
    return NULL;
}
#define LOOKUP(in, ...) lookup((in), (const char *const[]){__VA_ARGS__, NULL})

int mm_tags_read(const struct mm_input *in, struct mm_tags *tags, struct mm_error *err)
{
    *tags = (struct mm_tags){0};
    /* The file's own tags first: they know of values that FFmpeg drops. */
    int result = mm_tags_read_id3(in, tags);
    if (result == 0)
        result = mm_tags_read_ape(in, tags);
    if (result == 0)
        result = set_text(&tags->title, LOOKUP(in, "title", "TIT2"));
    if (result == 0)
        result = set_text(&tags->artist, LOOKUP(in, "artist", "TPE1", "author", "performer"));
    if (result == 0)
        result = set_text(&tags->album, LOOKUP(in, "album", "TALB"));
    if (result == 0)
        result = set_text(&tags->album_artist,
                          LOOKUP(in, "album_artist", "albumartist", "album artist", "TPE2"));
    /* MusicBrainz's own tagger writes the recording id under "track id" everywhere but in UFID. */
    if (result == 0)
        result = mm_tags_set_musicbrainz(
            tags, LOOKUP(in, "MUSICBRAINZ_TRACKID", "MusicBrainz Track Id", "MusicBrainz/Track Id",
                         "MUSICBRAINZ_RECORDINGID", "MusicBrainz Recording Id"));
    if (result == 0)
        result = mm_tags_set_isrc(tags, LOOKUP(in, "ISRC", "TSRC", "WM/ISRC"));
    const char *genre = LOOKUP(in, "genre", "TCON", "WM/Genre");
    if (result == 0 && genre)
        result = mm_tags_add_genres(tags, genre, strlen(genre));
    if (tags->year == 0)
        tags->year = parse_year(LOOKUP(in, "date", "year", "TYER", "TDRC", "WM/Year"));
    if (tags->track == 0)
        tags->track = parse_count(LOOKUP(in, "track", "tracknumber", "TRCK", "WM/TrackNumber"));
    if (tags->disc == 0)
        tags->disc = parse_count(LOOKUP(in, "disc", "discnumber", "TPOS", "WM/PartOfSet"));
    if (result < 0) {
        mm_tags_finish(tags);
        return mm_no_memory(err);
    }
    return 0;
}
