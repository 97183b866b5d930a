# SPDX-License-Identifier: BSD-2-Clause
# Sets, the whole proof: 500 random rule files with a planted solution, 200 without, all small cases.
export MUSICMAP_SETS=full
"$MUSICMAP_ROOT/build/tests/test-set-make" && "$MUSICMAP_ROOT/build/tests/test-set-small"
