# SPDX-License-Identifier: BSD-2-Clause
# Every unit and CLI test once more, watched by ThreadSanitizer.
exec "$MUSICMAP_ROOT/tests/run" --build tsan
