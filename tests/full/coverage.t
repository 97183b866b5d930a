# SPDX-License-Identifier: BSD-2-Clause
# Every file of src/ is run by the tests to 85 % of its lines; what is not is listed with its reason.
exec "$MUSICMAP_ROOT/tests/coverage"
