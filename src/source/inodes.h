/* SPDX-License-Identifier: BSD-2-Clause */
/* inodes.h - a set of folders, named by device and inode: how a walk knows where it has been. */
#ifndef SOURCE_INODES_H
#define SOURCE_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inode {
    uint64_t device;
    uint64_t number;
};

/* Zero-initialise it. */
struct inode_set {
    struct inode *slots; /* [capacity], open addressing */
    bool *used;          /* [capacity] */
    size_t n;
    size_t capacity; /* a power of two */
};
void inode_set_finish(struct inode_set *set);

/* *added = it was not there before. 0 or MM_ERR_NO_MEMORY. */
int inode_set_add(struct inode_set *set, struct inode inode, bool *added);

#endif
