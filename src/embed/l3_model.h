/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * l3_model.h - a model of the L3 family in the table: front end, network and windows together.
 * openl3.c and edgel3.c say which sizes theirs have.
 */
#ifndef EMBED_L3_MODEL_H
#define EMBED_L3_MODEL_H

#include "embed/l3.h"
#include "embed/l3_frontend.h"
#include "embed/model.h"

/* What mm_model.variant points at. */
struct mm_l3_variant {
    struct mm_l3_frontend_spec frontend; /* with its default flavour */
    struct mm_l3_spec net;
    bool any_flavour; /* the user may choose another one */
};

#endif
