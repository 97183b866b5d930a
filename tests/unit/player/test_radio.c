/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The radio on a player and a clock that do not exist: 200 songs and more in no time. What was
 * heard is checked here by itself, not by the set builder's judge.
 */
#include "check.h"

#include "musicmap/radio.h"
#include "set/made.h"

enum { SONGS = 450, MOST = 2000 };

static const char rules_text[] = "[set]\nminutes = 58\ntolerance = 60 s\n"
                                 "[separation]\nartist = 60 min, 5 songs\nalbum = 90 min\n"
                                 "[history]\nhours = 6\n";

/* A player with a queue of its own, and the time. */
struct world {
    struct made made;
    struct mm_set_library *library;
    struct mm_set_rules *rules;
    double now;
    struct mm_radio_song queue[MOST];
    size_t n, at; /* at = n: ran dry */
    double elapsed;
    bool playing;
    uint64_t tags;
    struct mm_random random;
    /* what is done to it */
    bool skips, restarts, lacks, meddles, pauses;
    bool locked; /* the log, for every second song but at the third try */
    double away_until, paused_until;
    double changes_at, change_s; /* clocks are put forward or back */
    /* what is seen */
    double silent_s;
    double late_s; /* least music that was left when a song was added */
    uint32_t heard[MOST], logged[MOST];
    double heard_at[MOST], logged_at[MOST];
    size_t n_heard, n_logged, n_bent, n_refused, n_away, n_back, n_tries;
    double longest_lead;
};

static void begin_song(struct world *w)
{
    w->elapsed = 0;
    if (w->at >= w->n)
        return;
    w->heard_at[w->n_heard] = w->now;
    w->heard[w->n_heard++] = w->queue[w->at].song;
}

static void pass(struct world *w, double seconds)
{
    while (seconds > 0) {
        if (!w->playing || w->at >= w->n) {
            w->silent_s += w->n_heard ? seconds : 0;
            w->now += seconds;
            return;
        }
        double left = w->queue[w->at].length_s - w->elapsed;
        double step = fmin(left, seconds);
        w->elapsed += step;
        w->now += step;
        seconds -= step;
        if (step == left) {
            w->at++;
            begin_song(w);
        }
    }
}

static int look(void *ctx, struct mm_radio_look *out, struct mm_error *err)
{
    struct world *w = ctx;
    if (w->now < w->away_until)
        return mm_error_set(err, MM_ERR_AGAIN, "away");
    if (out->capacity < MOST) {
        free(out->songs);
        out->songs = made_memory(MOST, sizeof *out->songs);
        out->capacity = MOST;
    }
    out->n = w->n - w->at;
    memcpy(out->songs, w->queue + w->at, out->n * sizeof *out->songs);
    out->playing = w->playing && w->at < w->n;
    out->dry = w->at >= w->n;
    out->elapsed_s = w->elapsed;
    return 0;
}

static double left_in_queue(const struct world *w)
{
    double left = -w->elapsed;
    for (size_t i = w->at; i < w->n; i++)
        left += w->queue[i].length_s;
    return left;
}

static int add(void *ctx, uint32_t song, uint64_t *tag, struct mm_error *err)
{
    struct world *w = ctx;
    if (w->now < w->away_until)
        return mm_error_set(err, MM_ERR_AGAIN, "away");
    *tag = 0;
    if (w->lacks && song % 40 == 0)
        return 0;
    if (w->n_heard > 3 && !w->skips)
        w->late_s = fmin(w->late_s, left_in_queue(w));
    w->longest_lead = fmax(w->longest_lead, left_in_queue(w));
    *tag = ++w->tags;
    w->queue[w->n++] = (struct mm_radio_song){song, w->made.songs[song].duration_s, *tag};
    return 0;
}

static int play(void *ctx, size_t place, struct mm_error *err)
{
    struct world *w = ctx;
    (void)err;
    w->at += place;
    w->playing = true;
    begin_song(w);
    return 0;
}

static double now(void *ctx)
{
    const struct world *w = ctx;
    return w->now + (w->change_s != 0 && w->now >= w->changes_at ? w->change_s : 0);
}

static int wait(void *ctx, double seconds, struct mm_error *err)
{
    struct world *w = ctx;
    (void)err;
    pass(w, seconds);
    if (w->skips && mm_random_below(&w->random, 60) == 0 && w->at + 1 < w->n) {
        w->at++;
        begin_song(w);
    }
    if (w->meddles && mm_random_below(&w->random, 60) == 0 && w->n < MOST) {
        uint32_t song = (uint32_t)mm_random_below(&w->random, SONGS);
        w->queue[w->n++] = (struct mm_radio_song){song, w->made.songs[song].duration_s, ++w->tags};
    }
    if (w->paused_until > 0 && w->now >= w->paused_until)
        w->playing = true;
    if (w->pauses && w->playing && mm_random_below(&w->random, 20) == 0) {
        w->playing = false;
        w->paused_until = w->now + 100;
    }
    if (w->restarts && w->now > w->away_until && mm_random_below(&w->random, 100) == 0) {
        w->away_until = w->now + 200;
        for (size_t i = w->at; i < w->n; i++)
            w->queue[i].tag = ++w->tags;
    }
    return 0;
}

static int on_played(void *ctx, uint32_t song, int64_t at, struct mm_error *err)
{
    struct world *w = ctx;
    if (w->locked && w->n_logged % 2 && ++w->n_tries % 3)
        return mm_error_set(err, MM_ERR_AGAIN, "another musicmap is writing");
    w->logged[w->n_logged] = song;
    w->logged_at[w->n_logged++] = (double)at;
    return 0;
}

static void on_planned(void *ctx, const struct mm_set *set)
{
    struct world *w = ctx;
    for (size_t i = 0; i < set->n_bent; i++)
        w->n_bent += !set->bent[i].soft;
}

static void on_refused(void *ctx, uint32_t song)
{
    struct world *w = ctx;
    assert_int_equal(song % 40, 0);
    w->n_refused++;
}

static void on_away(void *ctx, const struct mm_error *why, double seconds)
{
    struct world *w = ctx;
    assert_int_equal(why->code, MM_ERR_AGAIN);
    assert_true(seconds <= 60);
    w->n_away++;
}

static void on_back(void *ctx)
{
    ((struct world *)ctx)->n_back++;
}

static struct world *make_world(void)
{
    struct world *w = made_memory(1, sizeof *w);
    struct mm_error err = {0};
    w->made = made_songs(SONGS, 16, 160, 3);
    w->library = made_library(&w->made);
    w->now = 1700000000;
    w->random = mm_random_stream(4, 5);
    w->late_s = HUGE_VAL;
    assert_ok(mm_set_rules_parse(rules_text, strlen(rules_text), "radio", &w->rules, &err), &err);
    return w;
}

static void end_world(struct world *w)
{
    mm_set_rules_destroy(w->rules);
    mm_set_library_destroy(w->library);
    made_finish(&w->made);
    free(w);
}

static void run(struct world *w, size_t songs, const struct mm_radio_play *history, size_t n)
{
    const struct mm_radio_settings settings = {.library = w->library,
                                               .rules = w->rules,
                                               .request = {.seed = 1, .rounds = 1, .jobs = 1},
                                               .lead_s = 600,
                                               .songs = songs};
    const struct mm_radio_player player = {look, add, play, w};
    const struct mm_radio_clock clock = {now, wait, w};
    const struct mm_radio_events events = {.played = on_played,
                                           .planned = on_planned,
                                           .refused = on_refused,
                                           .away = on_away,
                                           .back = on_back,
                                           .ctx = w};
    struct mm_error err = {0};
    struct mm_radio *radio;
    assert_ok(mm_radio_create(&settings, &player, &clock, &events, history, n, &radio, &err), &err);
    assert_ok(mm_radio_run(radio, &err), &err);
    mm_radio_destroy(radio);
}

/* Times of what was queued count: what is left at the end is heard to its end. */
static void hear_out(struct world *w)
{
    while (w->at < w->n)
        pass(w, 60);
    w->n_heard = w->n_heard < MOST ? w->n_heard : MOST;
}

static void check_rules(const struct world *w)
{
    for (size_t i = 0; i < w->n_heard; i++)
        for (size_t k = 0; k < i; k++) {
            const struct mm_set_song *a = &w->made.songs[w->heard[k]];
            const struct mm_set_song *b = &w->made.songs[w->heard[i]];
            double since = w->heard_at[i] - w->heard_at[k];
            if (strcmp(a->artist, b->artist) == 0) {
                assert_true(since >= 3600 - 0.01);
                assert_true(i - k > 5);
            }
            if (strcmp(a->album, b->album) == 0)
                assert_true(since >= 5400 - 0.01);
            if (w->heard[i] == w->heard[k])
                assert_true(since >= 6 * 3600 - 0.01);
        }
}

static void two_hundred_songs(void **state)
{
    (void)state;
    struct world *w = make_world();
    const size_t songs = SANITIZED ? 60 : 210;
    run(w, songs, NULL, 0);
    double before_end = w->silent_s;
    hear_out(w);
    assert_int_equal(w->n_heard, songs);
    assert_true(before_end == 0);
    assert_int_equal(w->n_bent, 0);
    check_rules(w);
    /* Chosen minutes before they are due: never later than the lead less one look, nor earlier. */
    assert_true(w->late_s > 600 - 21);
    assert_true(w->longest_lead <= 600);
    /* What was heard before the radio ended is in the log, once, in order, to the second. */
    for (size_t i = 0; i < w->n_logged; i++) {
        assert_int_equal(w->logged[i], w->heard[i]);
        assert_true(fabs(w->logged_at[i] - w->heard_at[i]) < 2);
    }
    assert_true(w->n_logged >= songs - 10);
    end_world(w);
}

/* Ended and begun again: the rules hold across, by the log. */
static void goes_on_by_the_log(void **state)
{
    (void)state;
    struct world *w = make_world();
    run(w, 60, NULL, 0);
    hear_out(w); /* the queue was left as it was */
    struct mm_radio_play *history = made_memory(w->n_heard, sizeof *history);
    for (size_t i = 0; i < w->n_heard; i++)
        history[i] = (struct mm_radio_play){w->heard[i], w->heard_at[i]};
    size_t n = w->n_heard;
    /* A new process has a library whose songs have the log's times. */
    struct mm_set_library *old = w->library;
    w->library = made_library(&w->made);
    for (size_t i = 0; i < n; i++)
        mm_set_library_note_play(w->library, history[i].song, (int64_t)history[i].at);
    mm_set_library_destroy(old);
    run(w, 60, history, n);
    hear_out(w);
    assert_int_equal(w->n_heard, 120);
    assert_int_equal(w->n_bent, 0);
    check_rules(w);
    free(history);
    end_world(w);
}

/* For who listens an hour is an hour, also in the night in which the clocks change. */
static void artists_stay_apart_when_the_clocks_change(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct world *w = make_world();
        w->changes_at = w->now + 5400.0 + 977 * k;
        w->change_s = k ? 3600 : -3600;
        run(w, 60, NULL, 0);
        hear_out(w);
        for (size_t i = 0; i < w->n_heard; i++)
            for (size_t j = 0; j < i; j++)
                if (strcmp(w->made.songs[w->heard[i]].artist, w->made.songs[w->heard[j]].artist) ==
                    0)
                    assert_true(w->heard_at[i] - w->heard_at[j] >= 3600 - 0.01);
        end_world(w);
    }
}

static void somebody_skips_and_the_player_restarts(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->skips = w->restarts = w->lacks = true;
    run(w, 100, NULL, 0);
    assert_true(w->silent_s == 0);
    assert_true(w->n_refused > 0);
    assert_true(w->n_away > 0 && w->n_back > 0);
    for (size_t i = 0; i < w->n_heard;
         i++) /* skipping moves songs together, but not a song to itself */
        for (size_t k = 0; k < i; k++)
            if (w->heard[i] == w->heard[k])
                assert_true(w->heard_at[i] - w->heard_at[k] > 5 * 3600);
    for (size_t i = 1; i < w->n_logged; i++)
        assert_true(w->logged_at[i] >= w->logged_at[i - 1]);
    end_world(w);
}

/* A song that is paused in its middle, for longer than two plays may be apart, was played once. */
static void a_paused_song_is_one_play(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->pauses = true;
    run(w, 100, NULL, 0);
    assert_true(w->silent_s > 1000);
    assert_true(w->n_logged > 80);
    for (size_t i = 0; i < w->n_logged; i++) {
        assert_int_equal(w->logged[i], w->heard[i]);
        /* One that was paused before it was seen has begun when it went on. */
        assert_true(w->logged_at[i] > w->heard_at[i] - 2 && w->logged_at[i] < w->heard_at[i] + 130);
    }
    end_world(w);
}

/* A play that could not be written down is written when it can be: once, in order, with its time.
 */
static void a_locked_log_loses_no_play(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->locked = true;
    run(w, 60, NULL, 0);
    assert_true(w->silent_s == 0);
    assert_true(w->n_away > 0);
    assert_in_range(w->n_logged, 50, w->n_heard);
    for (size_t i = 0; i < w->n_logged; i++) {
        assert_int_equal(w->logged[i], w->heard[i]);
        assert_true(fabs(w->logged_at[i] - w->heard_at[i]) < 2);
    }
    end_world(w);
}

static void songs_of_others_are_left_alone(void **state)
{
    (void)state;
    struct world *w = make_world();
    w->meddles = true;
    w->queue[w->n++] = (struct mm_radio_song){MM_SET_NONE, 200, ++w->tags};
    run(w, 60, NULL, 0);
    assert_true(w->silent_s == 0);
    assert_int_equal(w->queue[0].song, MM_SET_NONE);
    assert_true(w->n > 61); /* ours and theirs */
    for (size_t i = 0; i < w->n_logged; i++)
        assert_true(w->logged[i] != MM_SET_NONE);
    end_world(w);
}

static int refuse(void *ctx, uint32_t song, uint64_t *tag, struct mm_error *err)
{
    (void)ctx;
    (void)song;
    (void)err;
    *tag = 0;
    return 0;
}

static void a_player_that_has_nothing(void **state)
{
    (void)state;
    struct world *w = make_world();
    const struct mm_radio_settings settings = {.library = w->library,
                                               .rules = w->rules,
                                               .request = {.seed = 1, .rounds = 1, .jobs = 1},
                                               .lead_s = 600};
    const struct mm_radio_player player = {look, refuse, play, w};
    const struct mm_radio_clock clock = {now, wait, w};
    struct mm_error err = {0};
    struct mm_radio *radio;
    assert_ok(mm_radio_create(&settings, &player, &clock, &(struct mm_radio_events){0}, NULL, 0,
                              &radio, &err),
              &err);
    assert_int_equal(mm_radio_run(radio, &err), MM_ERR_NOT_FOUND);
    mm_radio_destroy(radio);
    end_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_songs),
        cmocka_unit_test(goes_on_by_the_log),
        cmocka_unit_test(artists_stay_apart_when_the_clocks_change),
        cmocka_unit_test(somebody_skips_and_the_player_restarts),
        cmocka_unit_test(a_paused_song_is_one_play),
        cmocka_unit_test(a_locked_log_loses_no_play),
        cmocka_unit_test(songs_of_others_are_left_alone),
        cmocka_unit_test(a_player_that_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
