/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags that we read ourselves: ID3v2 at a file's beginning, APE at its end. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/input.h"
#include "audio/tags.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_text(const char *text)
{
    if (text && !mm_text_is_utf8(text, strlen(text)))
        abort(); /* what comes out is clean */
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mm_input in = {.fd = memfd_create("fuzz", MFD_CLOEXEC),
                          .size = (int64_t)size,
                          .budget = (int64_t)size + (1 << 20)};
    struct mm_tags tags = {0};
    if (in.fd < 0 || write(in.fd, data, size) != (ssize_t)size)
        abort();
    (void)mm_tags_read_id3(&in, &tags);
    (void)mm_tags_read_ape(&in, &tags);
    for (size_t i = 0; i < tags.n_genres; i++)
        check_text(tags.genres[i]);
    check_text(tags.musicbrainz_id);
    check_text(tags.isrc);
    mm_tags_finish(&tags);
    close(in.fd);
    return 0;
}
