/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sources: sRGB and its matrix from IEC 61966-2-1; CIELAB from CIE 15:2004; Delta-E 2000 from
 * Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary
 * test data, and mathematical observations", Color Res. Appl. 30(1), 2005 (equation numbers below);
 * dichromacy from Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of
 * color vision deficiency", IEEE TVCG 15(6), 2009, table 1 at severity 1.0, on linear RGB.
 */
#include "view/colour.h"

#include <math.h>
#include <stddef.h>

#define PI 3.14159265358979323846

static const double rgb_to_xyz[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                        {0.2126729, 0.7151522, 0.0721750},
                                        {0.0193339, 0.1191920, 0.9503041}};
static const double xyz_to_rgb[3][3] = {{3.2404542, -1.5371385, -0.4985314},
                                        {-0.9692660, 1.8760108, 0.0415560},
                                        {0.0556434, -0.2040259, 1.0572252}};
static const double white[3] = {0.9504700, 1.0, 1.0888300};

static const double dichromat[MM_VISIONS][3][3] = {
    [MM_VISION_NORMAL] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    [MM_VISION_PROTANOPIA] = {{0.152286, 1.052583, -0.204868},
                              {0.114503, 0.786281, 0.099216},
                              {-0.003882, -0.048116, 1.051998}},
    [MM_VISION_DEUTERANOPIA] = {{0.367322, 0.860646, -0.227968},
                                {0.280085, 0.672501, 0.047413},
                                {-0.011820, 0.042940, 0.968881}},
    [MM_VISION_TRITANOPIA] = {{1.255528, -0.076749, -0.178779},
                              {-0.078411, 0.930809, 0.147602},
                              {0.004733, 0.691367, 0.303900}},
};

static void multiply(const double m[3][3], const double in[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m[i][0] * in[0] + m[i][1] * in[1] + m[i][2] * in[2];
}

static double to_linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double from_linear(double v)
{
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1.0 / 2.4) - 0.055;
}

static double lab_f(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

static double lab_f_inverse(double f)
{
    return f > 6.0 / 29.0 ? f * f * f : (116.0 * f - 16.0) * 27.0 / 24389.0;
}

struct mm_lab mm_colour_seen(uint32_t rgb, enum mm_vision vision)
{
    double linear[3];
    double seen[3];
    double xyz[3];
    double f[3];
    for (int i = 0; i < 3; i++)
        linear[i] = to_linear((rgb >> (16 - 8 * i) & 0xFF) / 255.0);
    multiply(dichromat[vision], linear, seen);
    for (int i = 0; i < 3; i++)
        seen[i] = fmin(fmax(seen[i], 0.0), 1.0);
    multiply(rgb_to_xyz, seen, xyz);
    for (int i = 0; i < 3; i++)
        f[i] = lab_f(xyz[i] / white[i]);
    return (struct mm_lab){116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])};
}

uint32_t mm_colour_from_lab(struct mm_lab lab, int *inside)
{
    double fy = (lab.l + 16.0) / 116.0;
    double xyz[3] = {white[0] * lab_f_inverse(fy + lab.a / 500.0), white[1] * lab_f_inverse(fy),
                     white[2] * lab_f_inverse(fy - lab.b / 200.0)};
    double linear[3];
    multiply(xyz_to_rgb, xyz, linear);
    uint32_t rgb = 0;
    int fits = 1;
    for (int i = 0; i < 3; i++) {
        if (linear[i] < -1e-4 || linear[i] > 1.0 + 1e-4)
            fits = 0;
        double v = from_linear(fmin(fmax(linear[i], 0.0), 1.0));
        rgb = rgb << 8 | (uint32_t)lrint(fmin(fmax(v, 0.0), 1.0) * 255.0);
    }
    if (inside)
        *inside = fits;
    return rgb;
}

static double hue_degrees(double a, double b)
{
    if (a == 0 && b == 0)
        return 0;
    double h = atan2(b, a) * 180.0 / PI;
    return h < 0 ? h + 360.0 : h;
}

static double cos_degrees(double x)
{
    return cos(x * PI / 180.0);
}

double mm_colour_delta_e(struct mm_lab one, struct mm_lab two)
{
    const double c25 = 6103515625.0; /* 25^7 */
    double c_mean = (hypot(one.a, one.b) + hypot(two.a, two.b)) / 2;
    double c7 = pow(c_mean, 7);
    double g = 0.5 * (1 - sqrt(c7 / (c7 + c25))); /* (4) */
    double a1 = (1 + g) * one.a;
    double a2 = (1 + g) * two.a;
    double c1 = hypot(a1, one.b);
    double c2 = hypot(a2, two.b);
    double h1 = hue_degrees(a1, one.b);
    double h2 = hue_degrees(a2, two.b);
    double dh = h2 - h1; /* (10) */
    double h_mean = h1 + h2;
    if (c1 * c2 == 0) {
        dh = 0;
    } else if (fabs(dh) <= 180) {
        h_mean /= 2; /* (14) */
    } else {
        dh += dh > 180 ? -360 : 360;
        h_mean = (h_mean < 360 ? h_mean + 360 : h_mean - 360) / 2;
    }
    double delta_h = 2 * sqrt(c1 * c2) * sin(dh / 2 * PI / 180.0); /* (11) */
    double l50 = (one.l + two.l) / 2 - 50;
    c_mean = (c1 + c2) / 2;
    c7 = pow(c_mean, 7);
    double t = 1 - 0.17 * cos_degrees(h_mean - 30) + 0.24 * cos_degrees(2 * h_mean) +
               0.32 * cos_degrees(3 * h_mean + 6) - 0.20 * cos_degrees(4 * h_mean - 63); /* (15) */
    double s_l = 1 + 0.015 * l50 * l50 / sqrt(20 + l50 * l50);
    double s_c = 1 + 0.045 * c_mean;
    double s_h = 1 + 0.015 * c_mean * t;
    double turn = (h_mean - 275) / 25;
    double r_t = -sin(2 * 30 * exp(-turn * turn) * PI / 180.0) * 2 * sqrt(c7 / (c7 + c25)); /* 21 */
    double l = (two.l - one.l) / s_l;
    double c = (c2 - c1) / s_c;
    double h = delta_h / s_h;
    return sqrt(fmax(l * l + c * c + h * h + r_t * c * h, 0));
}

double mm_colour_difference(uint32_t one, uint32_t two)
{
    double least = INFINITY;
    for (int v = 0; v < MM_VISIONS; v++)
        least = fmin(least, mm_colour_delta_e(mm_colour_seen(one, (enum mm_vision)v),
                                              mm_colour_seen(two, (enum mm_vision)v)));
    return least;
}

uint32_t mm_colour_shift(uint32_t rgb, double dl, double chroma)
{
    struct mm_lab lab = mm_colour_lab(rgb);
    lab.l = fmin(fmax(lab.l + dl, 0), 100);
    lab.a *= chroma;
    lab.b *= chroma;
    return mm_colour_from_lab(lab, NULL);
}
