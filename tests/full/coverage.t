# SPDX-License-Identifier: BSD-2-Clause
# Every file of src/ is run by the tests to 85 % of its lines; what is not is listed with its reason.
command -v gcovr >/dev/null || { echo "1..0 # SKIP gcovr is not installed"; exit 0; }
exec "$MUSICMAP_ROOT/tests/coverage"
