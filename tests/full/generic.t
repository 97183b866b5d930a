# SPDX-License-Identifier: BSD-2-Clause
# Every unit and CLI test once more with the portable kernels, ours and OpenBLAS's.
exec "$MUSICMAP_ROOT/tests/run" --build generic
