/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a sound file: its tags, its length, and what can be measured of it. */
#include <stdio.h>

#include <musicmap/audio.h>

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_audio_info info = {0};
    struct mm_measure m = {0};
    const struct mm_audio_request request = {.excerpt_s = 30, .measure = true};
    if (argc != 2) {
        fputs("usage: audio FILE\n", stderr);
        return 2;
    }
    /* For files you do not trust, the same calls in a helper process: mm_helpers_...() of work.h.
     */
    if (mm_audio_probe(argv[1], &info, &err) < 0 ||
        mm_audio_analyse(argv[1], &request, NULL, NULL, &m, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        mm_audio_info_finish(&info);
        return 3;
    }
    printf("%s - %s\n", info.tags.artist ? info.tags.artist : "?",
           info.tags.title ? info.tags.title : "?");
    printf("%s, %.1f s, %d Hz, %d channels\n", info.codec, info.duration_s, info.sample_rate,
           info.channels);
    printf("%.1f LUFS, %.0f beats a minute, key %s, intensity %.2f\n", m.loudness_lufs, m.tempo_bpm,
           mm_key_name(m.key, m.mode), m.intensity);
    mm_audio_info_finish(&info);
    return 0;
}
