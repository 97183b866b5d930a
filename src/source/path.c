/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - what a file's path says about it. People's habits, in the order in which they are tried:
 *
 *     Artist/Album/03 - Title          Artist - Title
 *     Artist/Album/Disc 2/03. Title    Artist - Album - 03 - Title
 *     Artist - Album (1999)/1-03 Title 03 - Artist - Title
 *
 * Everything is spans into two cleaned strings; nothing is allocated but what is kept.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/source.h"

enum { MAX_PIECES = 8, MAX_TRACK_BY_SPACE = 40 };

struct span {
    const char *at;
    size_t n;
};

struct pieces {
    struct span list[MAX_PIECES];
    size_t n;
};

/* What was made out, before it is copied to where nothing stands yet. */
struct guess {
    struct span title;
    struct span artist;
    struct span album;
    struct span album_artist;
    int track;
    int disc;
    int year;
};

/* ---- spans ---- */

static struct span trim(struct span s)
{
    while (s.n && s.at[0] == ' ') {
        s.at++;
        s.n--;
    }
    while (s.n && s.at[s.n - 1] == ' ')
        s.n--;
    return s;
}

static struct span skip_bytes(struct span s, size_t n)
{
    return (struct span){s.at + n, s.n - n};
}

/* From the start of piece `first` to the end of piece `last`. */
static struct span join(const struct pieces *p, size_t first, size_t last)
{
    const char *end = p->list[last].at + p->list[last].n;
    return (struct span){p->list[first].at, (size_t)(end - p->list[first].at)};
}

static bool equals(struct span s, const char *word)
{
    return strlen(word) == s.n && strncasecmp(s.at, word, s.n) == 0;
}

static bool is_one_of(struct span s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (equals(s, words[i]))
            return true;
    return false;
}

static bool same(struct span a, struct span b)
{
    return a.n == b.n && strncasecmp(a.at, b.at, a.n) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(struct span s)
{
    size_t n = 0;
    while (n < s.n && is_digit(s.at[n]))
        n++;
    return n;
}

/* n digits, n <= 4. */
static int number(struct span s, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (s.at[i] - '0');
    return value;
}

/* Length of a hyphen, en dash or em dash at the start of s; 0 = none. */
static size_t dash_length(struct span s)
{
    if (s.n && s.at[0] == '-')
        return 1;
    if (s.n >= 3 && (memcmp(s.at, "\xe2\x80\x93", 3) == 0 || memcmp(s.at, "\xe2\x80\x94", 3) == 0))
        return 3;
    return 0;
}

/* Cuts at dashes that stand between blanks; the last piece takes what is too much. */
static struct pieces split(struct span s)
{
    struct pieces out = {.n = 0};
    size_t begin = 0;
    for (size_t i = 0; i < s.n && out.n + 1 < MAX_PIECES; i++) {
        size_t dash = dash_length(skip_bytes(s, i));
        if (!dash || i == 0 || s.at[i - 1] != ' ' || i + dash >= s.n || s.at[i + dash] != ' ')
            continue;
        struct span piece = trim((struct span){s.at + begin, i - begin});
        if (piece.n)
            out.list[out.n++] = piece;
        begin = i + dash;
    }
    struct span last = trim(skip_bytes(s, begin));
    if (last.n || out.n == 0)
        out.list[out.n++] = last;
    return out;
}

/* ---- numbers ---- */

/* Behind a number: ". ", " - ", ") " and the like. 0 = no such thing. */
static size_t separator_length(struct span s)
{
    size_t i = 0;
    while (i < s.n && s.at[i] == ' ')
        i++;
    size_t blanks = i;
    size_t dash = dash_length(skip_bytes(s, i));
    if (dash)
        i += dash;
    else if (i < s.n && strchr(".)]", s.at[i]))
        i++;
    else
        return 0;
    size_t mark = i;
    while (i < s.n && s.at[i] == ' ')
        i++;
    bool tight = blanks == 0 && i == mark;
    if (i == s.n || (tight && is_digit(s.at[i]))) /* "7-11", "3.5 Inches" */
        return 0;
    return i;
}

/* "1-03 Title", "2.11 - Title". */
static bool take_disc_and_track(struct span *s, int *disc, int *track)
{
    if (s->n < 5 || !is_digit(s->at[0]) || s->at[0] == '0' || !strchr("-.", s->at[1]) ||
        count_digits(skip_bytes(*s, 2)) != 2)
        return false;
    struct span rest = skip_bytes(*s, 4);
    size_t length = separator_length(rest);
    if (length == 0 && rest.at[0] == ' ')
        length = 1;
    if (length == 0 || length == rest.n)
        return false;
    *disc = s->at[0] - '0';
    *track = number(skip_bytes(*s, 2), 2);
    *s = trim(skip_bytes(rest, length));
    return true;
}

/*
 * Takes a track number off the front of *s. A number with only a blank behind it may as well be
 * part of the title ("21 Guns", "99 Luftballons"): it counts when it has a leading zero or, inside
 * an album's folder, could be a track's.
 */
static bool take_track(struct span *s, bool in_album, int *disc, int *track)
{
    if (take_disc_and_track(s, disc, track))
        return true;
    bool bracket = s->n && (s->at[0] == '(' || s->at[0] == '[');
    struct span digits = skip_bytes(*s, bracket);
    size_t n = count_digits(digits);
    if (n < 1 || n > 3)
        return false;
    struct span rest = skip_bytes(digits, n);
    if (bracket && (rest.n == 0 || rest.at[0] != (s->at[0] == '(' ? ')' : ']')))
        return false;
    size_t length = separator_length(rest);
    int value = number(digits, n);
    if (length == 0 && rest.n > 1 && rest.at[0] == ' ' && n >= 2 &&
        (digits.at[0] == '0' || (in_album && n == 2 && value <= MAX_TRACK_BY_SPACE)))
        length = 1;
    if (length == 0)
        return false;
    *track = value;
    *s = trim(skip_bytes(rest, length));
    /* "(03) - Title": the dash is still there. */
    size_t dash = bracket ? dash_length(*s) : 0;
    if (dash && dash < s->n)
        *s = trim(skip_bytes(*s, dash));
    return true;
}

/* "Disc 2", "CD1", "Disk 03 - Live": which one; 0 = no name of a disc. */
static int disc_of(struct span s)
{
    static const char *const words[] = {"disc", "disk", "cd", "volume", "vol"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (s.n <= length || strncasecmp(s.at, words[i], length) != 0)
            continue;
        struct span rest = skip_bytes(s, length);
        while (rest.n && strchr(" .-#", rest.at[0]))
            rest = skip_bytes(rest, 1);
        size_t n = count_digits(rest);
        if (n < 1 || n > 2)
            continue;
        struct span behind = trim(skip_bytes(rest, n));
        if (behind.n == 0 || dash_length(behind) || behind.at[0] == '(' || behind.at[0] == ':')
            return number(rest, n);
    }
    return 0;
}

/* Four digits from 1900 to 2099 and nothing else; 0 = no year. */
static int year_of(struct span s)
{
    if (s.n != 4 || count_digits(s) != 4)
        return 0;
    int year = number(s, 4);
    return year >= 1900 && year <= 2099 ? year : 0;
}

/* ---- folders ---- */

/* Folders that hold music, but say nothing of it. */
static bool is_generic(struct span s)
{
    static const char *const names[] = {
        "music",         "my music",      "musik",     "musique",  "audio",      "songs",
        "mp3",           "mp3s",          "flac",      "albums",   "artists",    "itunes",
        "library",       "itunes media",  "media",     "download", "various",    "desktop",
        "misc",          "unsorted",      "downloads", "singles",  "new folder", "unknown",
        "unknown album", "unknown artist"};
    return is_one_of(s, names, sizeof names / sizeof *names);
}

static bool is_various(struct span s)
{
    static const char *const names[] = {"various artists", "various",    "va", "v.a.",
                                        "compilations",    "compilation"};
    return is_one_of(s, names, sizeof names / sizeof *names);
}

/* Takes "(1999)", "[FLAC]", ... off the end. */
static struct span drop_brackets(struct span s, int *year)
{
    static const char *const noise[] = {"flac", "mp3",     "320",   "v0",       "web",
                                        "cd",   "320kbps", "vinyl", "lossless", "explicit"};
    for (;;) {
        s = trim(s);
        if (s.n < 3 || !strchr(")]", s.at[s.n - 1]))
            return s;
        size_t open = s.n - 1;
        while (open && s.at[open] != '(' && s.at[open] != '[')
            open--;
        struct span inside = trim((struct span){s.at + open + 1, s.n - open - 2});
        int found = year_of(inside);
        if (open == 0 || (!found && !is_one_of(inside, noise, sizeof noise / sizeof *noise)))
            return s;
        if (found)
            *year = found;
        s.n = open;
    }
}

/* Takes "1999 - ", "(1999) " off the front. */
static struct span drop_year(struct span s, int *year)
{
    bool bracket = s.n && (s.at[0] == '(' || s.at[0] == '[');
    struct span digits = skip_bytes(s, bracket);
    if (digits.n < 5)
        return s;
    int found = year_of((struct span){digits.at, 4});
    struct span rest = skip_bytes(digits, 4);
    if (!found || (bracket && !strchr(")]", rest.at[0])))
        return s;
    size_t length = separator_length(rest);
    if (length == 0)
        return s;
    *year = found;
    return trim(skip_bytes(rest, length));
}

/* artist: the folder above, n = 0 when there is none. */
static void read_album(struct span folder, struct span artist, struct guess *out)
{
    struct span album = drop_brackets(folder, &out->year);
    struct pieces pieces = split(album);
    if (pieces.n > 1 && !year_of(pieces.list[0]) &&
        (artist.n == 0 || same(pieces.list[0], artist))) {
        out->artist = pieces.list[0];
        album = join(&pieces, 1, pieces.n - 1);
    }
    out->album = drop_year(album, &out->year);
}

/*
 * tracks: the file's name started with a track number, so that a lone folder is an album rather
 * than an artist.
 */
static void read_folders(struct pieces folders, bool tracks, struct guess *out)
{
    for (; folders.n && disc_of(folders.list[folders.n - 1]); folders.n--)
        out->disc = disc_of(folders.list[folders.n - 1]);
    if (folders.n == 0 || is_generic(folders.list[folders.n - 1]))
        return;
    struct span last = folders.list[folders.n - 1];
    struct span above = {0};
    if (folders.n > 1 && !is_generic(folders.list[folders.n - 2]))
        above = folders.list[folders.n - 2];
    if (is_various(last)) {
        out->album_artist = (struct span){"Various Artists", 15};
        return;
    }
    if (folders.n > 1 && is_various(folders.list[folders.n - 2])) {
        out->album_artist = (struct span){"Various Artists", 15};
        out->album = drop_year(drop_brackets(last, &out->year), &out->year);
        return;
    }
    if (above.n == 0 && !tracks && split(last).n == 1) {
        out->artist = last;
        return;
    }
    if (above.n)
        out->artist = above;
    read_album(last, above, out);
}

/* ---- the file's name ---- */

/* "Artist", "Artist - Album", "Artist - Album - CD2": what stands before the track number. */
static void read_left(struct pieces left, struct guess *out, struct span album_folder)
{
    if (left.n > 1 && disc_of(left.list[left.n - 1])) {
        out->disc = disc_of(left.list[left.n - 1]);
        left.n--;
    }
    if (left.n == 1 && album_folder.n && same(left.list[0], album_folder)) {
        out->album = left.list[0];
        return;
    }
    out->artist = left.list[0];
    if (left.n > 1)
        out->album = join(&left, 1, left.n - 1);
}

/* A piece in the middle that is a number: its index, 0 = none. */
static size_t find_number(const struct pieces *p)
{
    for (size_t i = 1; i + 1 < p->n; i++)
        if (p->list[i].n <= 3 && count_digits(p->list[i]) == p->list[i].n)
            return i;
    return 0;
}

/* "Artist - Title", "Artist - Album - Title"; numbered: a track number stood in front. */
static void read_without_number(const struct pieces *p, bool numbered, struct span album_folder,
                                struct guess *out)
{
    size_t title = p->n > 1 ? 1 : 0;
    if (p->n > 1)
        out->artist = p->list[0];
    if (p->n > 2 && !numbered && (album_folder.n == 0 || same(p->list[1], album_folder))) {
        out->album = p->list[1];
        title = 2;
    }
    out->title = join(p, title, p->n - 1);
}

static void read_name(struct span stem, bool in_album, struct span album_folder, struct guess *out)
{
    struct span rest = stem;
    bool numbered = take_track(&rest, in_album, &out->disc, &out->track);
    struct pieces p = split(rest);
    size_t at = numbered ? 0 : find_number(&p);
    struct span last = p.list[p.n - 1];
    if (at) {
        out->track = number(p.list[at], p.list[at].n);
        out->title = join(&p, at + 1, p.n - 1);
        p.n = at;
        read_left(p, out, album_folder);
    } else if (!numbered && p.n > 1 && take_track(&last, false, &out->disc, &out->track)) {
        out->title = last;
        p.n--;
        read_left(p, out, album_folder);
    } else {
        read_without_number(&p, numbered, album_folder, out);
    }
    if (out->track == 0 && stem.n > 5 && strncasecmp(stem.at, "track", 5) == 0) {
        struct span digits = trim(skip_bytes(stem, 5)); /* "Track 03" stays the title */
        if (digits.n <= 3 && digits.n == count_digits(digits))
            out->track = number(digits, digits.n);
    } else if (out->track == 0 && stem.n <= 3 && stem.n == count_digits(stem)) {
        out->track = number(stem, stem.n);
    }
}

/* ---- all together ---- */

/* Clean text of a name; underscores are blanks where the name has no others. */
static char *readable(const char *bytes, size_t n)
{
    char *copy = mm_strndup(bytes, n);
    if (!copy)
        return NULL;
    if (!strchr(copy, ' '))
        for (char *p = copy; *p; p++)
            if (*p == '_')
                *p = ' ';
    char *clean = mm_text_clean_utf8(copy, strlen(copy));
    free(copy);
    return clean;
}

/* The part of path below root; *known = path is in root. */
static const char *below_root(const char *path, const char *root, bool *known)
{
    *known = path[0] != '/'; /* a relative path starts at something sensible */
    if (!root)
        return path;
    size_t n = strlen(root);
    while (n && root[n - 1] == '/')
        n--;
    if (strncmp(path, root, n) != 0 || path[n] != '/')
        return path;
    *known = true;
    return path + n + 1;
}

/* The last folders of [path, end) as clean text, each a string of its own. Without a known root
 * only what lies below a folder such as "Music" counts. */
static int read_components(const char *path, const char *end, bool known, char *names[MAX_PIECES],
                           struct pieces *folders)
{
    folders->n = 0;
    size_t n = 0;
    while (end > path && n < MAX_PIECES) {
        const char *slash = end; /* end: where the slash behind the component stands */
        while (slash > path && slash[-1] != '/')
            slash--;
        if (slash < end) {
            names[n] = readable(slash, (size_t)(end - slash));
            if (!names[n])
                return MM_ERR_NO_MEMORY;
            struct span name = {names[n], strlen(names[n])};
            n++;
            if (is_generic(name)) {
                known = true;
                break;
            }
        }
        end = slash > path ? slash - 1 : path;
    }
    for (size_t i = n; known && i > 0; i--)
        folders->list[folders->n++] = (struct span){names[i - 1], strlen(names[i - 1])};
    return 0;
}

static int fill(char **member, struct span text)
{
    text = trim(text);
    if (*member || text.n == 0)
        return 0;
    *member = mm_strndup(text.at, text.n);
    return *member ? 0 : MM_ERR_NO_MEMORY;
}

/* The name's word counts more than the folder's. */
static int fill_all(struct mm_tags *tags, const struct guess *name, const struct guess *folder)
{
    int result = fill(&tags->title, name->title);
    if (result == 0)
        result = fill(&tags->artist, name->artist.n ? name->artist : folder->artist);
    if (result == 0)
        result = fill(&tags->album, folder->album.n ? folder->album : name->album);
    if (result == 0)
        result = fill(&tags->album_artist, folder->album_artist);
    if (tags->track == 0)
        tags->track = name->track;
    if (tags->disc == 0)
        tags->disc = name->disc ? name->disc : folder->disc;
    if (tags->year == 0)
        tags->year = folder->year;
    return result;
}

int mm_tags_from_path(const char *path, const char *root, struct mm_tags *tags)
{
    bool known;
    const char *inner = below_root(path, root, &known);
    const char *slash = strrchr(inner, '/');
    const char *name = slash ? slash + 1 : inner;
    size_t length = strlen(name);
    if (mm_source_is_audio_name(name))
        length = (size_t)(strrchr(name, '.') - name);

    char *names[MAX_PIECES] = {0};
    struct pieces folders;
    struct guess from_name = {0};
    struct guess from_folders = {0};
    char *stem = readable(name, length);
    int result = stem ? 0 : MM_ERR_NO_MEMORY;
    if (result == 0)
        result = read_components(inner, slash ? slash : inner, known, names, &folders);
    if (result == 0) {
        struct span whole = {stem, strlen(stem)};
        /* Twice: whether a lone folder is an album depends on the name, and the name on it. */
        struct guess peek = {0};
        read_name(whole, folders.n > 1, (struct span){0}, &peek);
        read_folders(folders, peek.track > 0, &from_folders);
        read_name(whole, folders.n > 1, from_folders.album, &from_name);
        result = fill_all(tags, &from_name, &from_folders);
    }
    for (size_t i = 0; i < MAX_PIECES; i++)
        free(names[i]);
    free(stem);
    return result;
}
