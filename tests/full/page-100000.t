# SPDX-License-Identifier: BSD-2-Clause
# The page with a hundred thousand songs.
exec node "$MUSICMAP_ROOT/tests/full/page-100000.mjs"
