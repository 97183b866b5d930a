/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genres.c - the original's 126 genres, and how each service is asked for them. The only such
 * table.
 *
 * The names were the seeds of a call that Spotify has taken away. They are no service's genres:
 * some are moods or occasions (rainy-day, work-out), and Deezer knows 23 numbers, Jamendo free
 * tags, iTunes words. So each has several ways, best first; gather takes the next way when one has
 * too few songs, and tells which genres came up short.
 *
 *     words    what a person would type: searches, playlists' names
 *     chart    Deezer's number, where its genre means the same
 *     tag      how Jamendo's users write it
 */
#include <string.h>

#include "source/service.h"

static const struct genre {
    const char *name, *words, *chart, *tag;
} genres[] = {
    /* clang-format off */
    {"acoustic", "acoustic", NULL, "acoustic"},
    {"afrobeat", "afrobeat", NULL, "afrobeat"},
    {"alt-rock", "alternative rock", NULL, "alternativerock"},
    {"alternative", "alternative", "85", "alternative"},
    {"ambient", "ambient", NULL, "ambient"},
    {"anime", "anime", NULL, "anime"},
    {"black-metal", "black metal", NULL, "blackmetal"},
    {"bluegrass", "bluegrass", NULL, "bluegrass"},
    {"blues", "blues", "153", "blues"},
    {"bossanova", "bossa nova", NULL, "bossanova"},
    {"brazil", "brazilian", "75", "brazil"},
    {"breakbeat", "breakbeat", NULL, "breakbeat"},
    {"british", "british pop", NULL, "british"},
    {"cantopop", "cantopop", NULL, "cantopop"},
    {"chicago-house", "chicago house", NULL, "chicagohouse"},
    {"children", "children's music", NULL, "children"},
    {"chill", "chill", NULL, "chillout"},
    {"classical", "classical", "98", "classical"},
    {"club", "club dance", NULL, "club"},
    {"comedy", "comedy", NULL, "comedy"},
    {"country", "country", "84", "country"},
    {"dance", "dance", "113", "dance"},
    {"dancehall", "dancehall", NULL, "dancehall"},
    {"death-metal", "death metal", NULL, "deathmetal"},
    {"deep-house", "deep house", NULL, "deephouse"},
    {"detroit-techno", "detroit techno", NULL, "detroittechno"},
    {"disco", "disco", NULL, "disco"},
    {"disney", "disney", NULL, "disney"},
    {"drum-and-bass", "drum and bass", NULL, "drumnbass"},
    {"dub", "dub", NULL, "dub"},
    {"dubstep", "dubstep", NULL, "dubstep"},
    {"edm", "edm", NULL, "edm"},
    {"electro", "electro", "106", "electro"},
    {"electronic", "electronic", NULL, "electronic"},
    {"emo", "emo", NULL, "emo"},
    {"folk", "folk", "466", "folk"},
    {"forro", "forro", NULL, "forro"},
    {"french", "french", NULL, "french"},
    {"funk", "funk", NULL, "funk"},
    {"garage", "garage", NULL, "garage"},
    {"german", "german", NULL, "german"},
    {"gospel", "gospel", NULL, "gospel"},
    {"goth", "goth", NULL, "goth"},
    {"grindcore", "grindcore", NULL, "grindcore"},
    {"groove", "groove", NULL, "groove"},
    {"grunge", "grunge", NULL, "grunge"},
    {"guitar", "guitar", NULL, "guitar"},
    {"happy", "happy", NULL, "happy"},
    {"hard-rock", "hard rock", NULL, "hardrock"},
    {"hardcore", "hardcore", NULL, "hardcore"},
    {"hardstyle", "hardstyle", NULL, "hardstyle"},
    {"heavy-metal", "heavy metal", NULL, "heavymetal"},
    {"hip-hop", "hip hop", "116", "hiphop"},
    {"holidays", "christmas", NULL, "holidays"},
    {"honky-tonk", "honky tonk", NULL, "honkytonk"},
    {"house", "house", NULL, "house"},
    {"idm", "idm", NULL, "idm"},
    {"indian", "indian", "81", "indian"},
    {"indie", "indie", NULL, "indie"},
    {"indie-pop", "indie pop", NULL, "indiepop"},
    {"industrial", "industrial", NULL, "industrial"},
    {"iranian", "persian", NULL, "iranian"},
    {"j-dance", "japanese dance", NULL, "jdance"},
    {"j-idol", "japanese idol", NULL, "jidol"},
    {"j-pop", "j-pop", NULL, "jpop"},
    {"j-rock", "j-rock", NULL, "jrock"},
    {"jazz", "jazz", "129", "jazz"},
    {"k-pop", "k-pop", NULL, "kpop"},
    {"kids", "kids", "95", "kids"},
    {"latin", "latin", "197", "latin"},
    {"latino", "latin pop", NULL, "latino"},
    {"malay", "malay", NULL, "malay"},
    {"mandopop", "mandopop", NULL, "mandopop"},
    {"metal", "metal", "464", "metal"},
    {"metal-misc", "metal compilation", NULL, "metalmisc"},
    {"metalcore", "metalcore", NULL, "metalcore"},
    {"minimal-techno", "minimal techno", NULL, "minimaltechno"},
    {"movies", "movie soundtrack", "173", "movies"},
    {"mpb", "mpb", NULL, "mpb"},
    {"new-age", "new age", NULL, "newage"},
    {"new-release", "new releases", NULL, "newrelease"},
    {"opera", "opera", NULL, "opera"},
    {"pagode", "pagode", NULL, "pagode"},
    {"party", "party", NULL, "party"},
    {"philippines-opm", "opm", NULL, "philippinesopm"},
    {"piano", "piano", NULL, "piano"},
    {"pop", "pop", "132", "pop"},
    {"pop-film", "bollywood", NULL, "popfilm"},
    {"post-dubstep", "post dubstep", NULL, "postdubstep"},
    {"power-pop", "power pop", NULL, "powerpop"},
    {"progressive-house", "progressive house", NULL, "progressivehouse"},
    {"psych-rock", "psychedelic rock", NULL, "psychedelicrock"},
    {"punk", "punk", NULL, "punk"},
    {"punk-rock", "punk rock", NULL, "punkrock"},
    {"r-n-b", "r&b", "165", "rnb"},
    {"rainy-day", "rainy day", NULL, "rainyday"},
    {"reggae", "reggae", "144", "reggae"},
    {"reggaeton", "reggaeton", NULL, "reggaeton"},
    {"road-trip", "road trip", NULL, "roadtrip"},
    {"rock", "rock", "152", "rock"},
    {"rock-n-roll", "rock and roll", NULL, "rocknroll"},
    {"rockabilly", "rockabilly", NULL, "rockabilly"},
    {"romance", "romance", NULL, "romance"},
    {"sad", "sad", NULL, "sad"},
    {"salsa", "salsa", NULL, "salsa"},
    {"samba", "samba", NULL, "samba"},
    {"sertanejo", "sertanejo", NULL, "sertanejo"},
    {"show-tunes", "show tunes", NULL, "showtunes"},
    {"singer-songwriter", "singer songwriter", NULL, "singersongwriter"},
    {"ska", "ska", NULL, "ska"},
    {"sleep", "sleep", NULL, "sleep"},
    {"songwriter", "songwriter", NULL, "songwriter"},
    {"soul", "soul", "169", "soul"},
    {"soundtracks", "soundtrack", NULL, "soundtrack"},
    {"spanish", "spanish", NULL, "spanish"},
    {"study", "study", NULL, "study"},
    {"summer", "summer", NULL, "summer"},
    {"swedish", "swedish", NULL, "swedish"},
    {"synth-pop", "synth pop", NULL, "synthpop"},
    {"tango", "tango", NULL, "tango"},
    {"techno", "techno", NULL, "techno"},
    {"trance", "trance", NULL, "trance"},
    {"trip-hop", "trip hop", NULL, "triphop"},
    {"turkish", "turkish", NULL, "turkish"},
    {"work-out", "workout", NULL, "workout"},
    {"world-music", "world music", NULL, "world"},
    /* clang-format on */
};
enum { N_GENRES = sizeof genres / sizeof *genres };

const char *const *mm_genres(size_t *count)
{
    static const char *names[N_GENRES];
    for (size_t i = 0; i < N_GENRES; i++)
        names[i] = genres[i].name; /* the same for whoever comes, so no lock */
    *count = N_GENRES;
    return names;
}

static const struct genre *find(const char *name)
{
    for (size_t i = 0; i < N_GENRES; i++)
        if (strcmp(genres[i].name, name) == 0)
            return &genres[i];
    return NULL;
}

bool mm_genre_exists(const char *name)
{
    return find(name) != NULL;
}

size_t mm_genre_steps(const struct mm_service *service, const char *genre,
                      struct mm_step out[MM_MAX_STEPS])
{
    const struct genre *g = find(genre);
    size_t n = 0;
    if (!g)
        return 0;
    if (service == &mm_service_deezer) {
        if (g->chart) {
            out[n++] = (struct mm_step){MM_STEP_CHART, g->chart};
            out[n++] = (struct mm_step){MM_STEP_RADIOS, g->chart};
        }
        out[n++] = (struct mm_step){MM_STEP_PLAYLISTS, g->words};
    } else if (service == &mm_service_itunes) {
        out[n++] = (struct mm_step){MM_STEP_GENRE, g->words};
    } else if (service == &mm_service_jamendo) {
        out[n++] = (struct mm_step){MM_STEP_TAG, g->tag};
        out[n++] = (struct mm_step){MM_STEP_FUZZY, g->tag};
    } else if (service == &mm_service_spotify) {
        out[n++] = (struct mm_step){MM_STEP_GENRE, g->name};
        if (strcmp(g->name, g->words) != 0)
            out[n++] = (struct mm_step){MM_STEP_GENRE, g->words};
    }
    out[n++] = (struct mm_step){MM_STEP_SEARCH, g->words};
    return n;
}
