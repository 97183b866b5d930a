/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <string.h>

#include "view/realms.h"

#define SEA 0xffff

/* Four countries: 0 and 1 are the region "East", 2 is alone in "West", 3 is in none. */
static const char *const east = "East";
static const char *const west = "West";

static struct mm_scene make_scene(struct mm_country countries[4])
{
    memset(countries, 0, 4 * sizeof *countries);
    countries[0].region = countries[1].region = east;
    countries[2].region = west;
    for (unsigned i = 0; i < 4; i++)
        countries[i].n_songs = i + 1;
    return (struct mm_scene){.n_countries = 4, .countries = countries};
}

/* Letters of a picture: digits are countries, dots are sea. Ten wide, box 0..10 by 0..rows. */
static size_t find(const char *picture, struct mm_realm *out)
{
    struct mm_country countries[4];
    struct mm_scene scene = make_scene(countries);
    uint16_t country[200];
    size_t n = strlen(picture);
    for (size_t i = 0; i < n; i++)
        country[i] = picture[i] == '.' ? SEA : (uint16_t)(picture[i] - '0');
    const struct mm_box box = {0, 0, 10, (double)n / 10};
    struct mm_realm *realms;
    struct mm_error err = {0};
    size_t count;
    assert_ok(mm_realms_find(&scene, country, 10, n / 10, &box, &realms, &count, &err), &err);
    if (count)
        *out = realms[0];
    free(realms);
    return count;
}

static void a_region_is_named_in_the_middle_of_its_largest_place(void **state)
{
    (void)state;
    struct mm_realm realm;
    assert_int_equal(find(".........."
                          ".00011.0.."
                          ".00011.22."
                          ".00011.22."
                          ".......33."
                          "..........",
                          &realm),
                     1);
    assert_string_equal(realm.name, "East");
    assert_int_equal(realm.songs, 3);
    assert_true(realm.x >= 2.5 && realm.x <= 4.5); /* the middle of columns 1 to 5 */
    assert_float_equal(realm.y, 3.5, 1e-9);        /* row 2 of 6, y upward */
    assert_float_equal(realm.radius, 2, 1e-9);
}

static void a_region_in_pieces_is_not_named(void **state)
{
    (void)state;
    struct mm_realm realm;
    assert_int_equal(find("00..11..00"
                          "00..11..00",
                          &realm),
                     0);
    /* Across a corner nothing hangs together. */
    assert_int_equal(find("000......."
                          "...111...."
                          "......0...",
                          &realm),
                     0);
}

static void a_region_of_one_country_needs_no_name_of_its_own(void **state)
{
    (void)state;
    struct mm_realm realm;
    assert_int_equal(find("2222222222"
                          "3333333333",
                          &realm),
                     0);
    assert_int_equal(find("..........", &realm), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_named_in_the_middle_of_its_largest_place),
        cmocka_unit_test(a_region_in_pieces_is_not_named),
        cmocka_unit_test(a_region_of_one_country_needs_no_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
