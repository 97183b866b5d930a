# SPDX-License-Identifier: BSD-2-Clause
# A sample of the zoo of bad audio (tests/full/zoo.t has all of it).
exec /usr/bin/python3 "$MUSICMAP_ROOT/tests/zoo.py" "$MUSICMAP"
