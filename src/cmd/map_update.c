/* SPDX-License-Identifier: BSD-2-Clause */
/* `musicmap map --update`: new songs onto the map that there is. */
#include "cmd/map_update.h"

int cmd_run_map_update(const struct command *self, struct mm_catalog *catalog,
                       struct mm_map_record *record)
{
    struct mm_error err = {0};
    struct mm_map_drift drift;
    const struct mm_map_settings settings = {.seed = cmd_common.seed, .jobs = cmd_common.jobs};
    int result =
        mm_map_update(catalog, &settings, cmd_work_progress(catalog, "map"), record, &drift, &err);
    cmd_progress_end();
    cmd_work_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    cmd_say("placed: %zu new songs on a map of %zu; %zu taken off; no other song moved",
            drift.placed, drift.songs, drift.gone);
    if (drift.placed > 0)
        cmd_say("honesty: %.0f %% of the new songs' neighbours are neighbours on the map, %.0f %% "
                "of the others'",
                100 * drift.honesty_new, 100 * drift.honesty);
    cmd_say("drift: %.1f %% of the %zu songs the map was made of (%zu came, %zu went)",
            100 * drift.changed, drift.made_of, drift.all_placed, drift.all_gone);
    if (drift.fresh_map_due)
        cmd_say("a fresh map is due: run \"musicmap map\"; it will lie as this one does");
    return CMD_DONE;
}
