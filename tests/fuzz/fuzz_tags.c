/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags that we read ourselves: ID3v2 at a file's beginning, APE at its end. */
#include "fuzz.h"

#include "audio/input.h"
#include "audio/tags.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct memory_file file = file_of(data, size);
    struct mm_input in = {
        .fd = file.fd, .size = (int64_t)size, .budget = (int64_t)size + (1 << 20)};
    struct mm_tags tags = {0};
    (void)mm_tags_read_id3(&in, &tags);
    (void)mm_tags_read_ape(&in, &tags);
    must_be_tags(&tags);
    mm_tags_finish(&tags);
    close(file.fd);
    return 0;
}
