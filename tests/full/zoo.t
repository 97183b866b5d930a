# SPDX-License-Identifier: BSD-2-Clause
# The whole zoo of bad audio; doc/zoo.md has the table of one run.
exec /usr/bin/python3 "$MUSICMAP_ROOT/tests/zoo.py" --full "$MUSICMAP"
