# SPDX-License-Identifier: BSD-2-Clause
# Help and manual say the same.
command -v mandoc >/dev/null || { echo "1..0 # SKIP mandoc is not installed"; exit 0; }
exec /usr/bin/python3 "$MUSICMAP_ROOT/tests/manual-checker.py" "$MUSICMAP" "$MUSICMAP_ROOT"
