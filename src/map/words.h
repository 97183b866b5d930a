/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - which words (genres, artists) set a cluster apart from the rest. */
#ifndef MAP_WORDS_H
#define MAP_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_word_use {
    uint32_t cluster;
    uint32_t word;
    uint32_t songs;  /* of the cluster that have the word */
    double strength; /* z-score of the log-odds ratio; > 0: more of them than elsewhere */
};

struct mm_words {
    size_t n_words;
    char **word; /* [n_words] clean UTF-8, in the spelling used most */
    size_t n_uses;
    struct mm_word_use *uses; /* [n_uses] by cluster, within it the strongest first */
    size_t *first;            /* [n_clusters + 1] where a cluster's uses begin */
};

/* One word of one song. Words that differ only in case or in white space are one word. */
struct mm_word_token {
    const char *word;
    uint32_t song;
};

/* tokens are put in another order. NULL and empty words are passed over. */
int mm_words_measure(struct mm_word_token *tokens, size_t n_tokens, const uint32_t *cluster,
                     size_t n_clusters, struct mm_words *out, struct mm_error *err);
void mm_words_finish(struct mm_words *words);

#endif
