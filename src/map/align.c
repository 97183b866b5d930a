/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/align.h"

#include <math.h>
#include <stdbool.h>

/* Radians. Maps are turned by whole steps: the last one's places are rounded, so that the angle to
 * them is never quite the one they were turned by, and a map that is made again must be the same to
 * the bit. */
#define TURN_STEP 2e-6

static bool is_known(const float *previous, size_t i)
{
    return isfinite(previous[2 * i]) && isfinite(previous[2 * i + 1]);
}

/* In the plane the best turn has a closed form: with the maps as complex numbers a (old), b (new),
 * turning by the angle of sum a conj(b); mirrored, of sum a b. The larger sum fits better. */
bool mm_align(const float *previous, size_t n, float *xy)
{
    double middle[4] = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_known(previous, i))
            continue;
        count++;
        for (size_t d = 0; d < 2; d++) {
            middle[d] += previous[2 * i + d];
            middle[2 + d] += xy[2 * i + d];
        }
    }
    if (count < 2)
        return false;
    for (size_t d = 0; d < 4; d++)
        middle[d] /= (double)count;
    double turn[2] = {0};
    double mirror[2] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!is_known(previous, i))
            continue;
        double ax = previous[2 * i] - middle[0];
        double ay = previous[2 * i + 1] - middle[1];
        double bx = xy[2 * i] - middle[2];
        double by = xy[2 * i + 1] - middle[3];
        turn[0] += ax * bx + ay * by;
        turn[1] += ay * bx - ax * by;
        mirror[0] += ax * bx - ay * by;
        mirror[1] += ay * bx + ax * by;
    }
    bool mirrored = hypot(mirror[0], mirror[1]) > hypot(turn[0], turn[1]) * (1 + 1e-9);
    const double *best = mirrored ? mirror : turn;
    double size = hypot(best[0], best[1]);
    if (!(size > 0))
        return false;
    double steps = rint(atan2(best[1], best[0]) / TURN_STEP);
    if (!mirrored && steps == 0)
        return false;
    double c = cos(steps * TURN_STEP);
    double s = sin(steps * TURN_STEP);
    for (size_t i = 0; i < n; i++) {
        double x = xy[2 * i];
        double y = xy[2 * i + 1] * (mirrored ? -1.0 : 1.0);
        xy[2 * i] = (float)(c * x - s * y);
        xy[2 * i + 1] = (float)(s * x + c * y);
    }
    return true;
}

/* The main axis of the places is that of their scatter matrix. */
void mm_align_flat(size_t n, float *xy)
{
    double mean[2] = {0};
    double xx = 0;
    double yy = 0;
    double cross = 0;
    for (size_t i = 0; i < 2 * n; i++)
        mean[i % 2] += xy[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double x = xy[2 * i] - mean[0];
        double y = xy[2 * i + 1] - mean[1];
        xx += x * x;
        yy += y * y;
        cross += x * y;
    }
    double angle = atan2(2 * cross, xx - yy) / 2; /* of the axis: -90 .. 90 degrees */
    double c = cos(angle);
    double s = sin(angle);
    for (size_t i = 0; i < n; i++) {
        double x = xy[2 * i] - mean[0];
        double y = xy[2 * i + 1] - mean[1];
        xy[2 * i] = (float)(c * x + s * y);
        xy[2 * i + 1] = (float)(c * y - s * x);
    }
}
