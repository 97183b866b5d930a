/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/inodes.h"

#include <stdlib.h>

#include "base/array.h"

enum { FIRST_CAPACITY = 256 };

void inode_set_finish(struct inode_set *set)
{
    free(set->slots);
    free(set->used);
    *set = (struct inode_set){0};
}

/* The slot that holds inode, or the empty one where it belongs. */
static size_t slot_of(const struct inode_set *set, struct inode inode)
{
    uint64_t hash =
        (inode.number ^ (inode.device << 32 | inode.device >> 32)) * 0x9E3779B97F4A7C15u;
    size_t mask = set->capacity - 1;
    size_t i = (size_t)(hash >> 32) & mask;
    while (set->used[i] &&
           (set->slots[i].device != inode.device || set->slots[i].number != inode.number))
        i = (i + 1) & mask;
    return i;
}

static int grow(struct inode_set *set)
{
    struct inode_set grown = {.capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY};
    grown.slots = mm_calloc3(grown.capacity, 1, sizeof *grown.slots);
    grown.used = mm_calloc3(grown.capacity, 1, sizeof *grown.used);
    if (!grown.slots || !grown.used) {
        inode_set_finish(&grown);
        return MM_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < set->capacity; i++) {
        if (!set->used[i])
            continue;
        size_t slot = slot_of(&grown, set->slots[i]);
        grown.slots[slot] = set->slots[i];
        grown.used[slot] = true;
    }
    grown.n = set->n;
    struct inode_set old = *set;
    *set = grown;
    inode_set_finish(&old);
    return 0;
}

int inode_set_add(struct inode_set *set, struct inode inode, bool *added)
{
    if (2 * (set->n + 1) > set->capacity && grow(set) < 0)
        return MM_ERR_NO_MEMORY;
    size_t slot = slot_of(set, inode);
    *added = !set->used[slot];
    if (*added) {
        set->slots[slot] = inode;
        set->used[slot] = true;
        set->n++;
    }
    return 0;
}
