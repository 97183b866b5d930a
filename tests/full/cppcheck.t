# SPDX-License-Identifier: BSD-2-Clause
# cppcheck over src/, with every configuration of every file: two minutes. What it gets wrong is named where it
# stands, with the reason.
command -v cppcheck >/dev/null || { echo "1..0 # SKIP cppcheck is not installed"; exit 0; }
cd "$MUSICMAP_ROOT" || exit 1
found=$(cppcheck --quiet -j "$(nproc)" --enable=warning,performance,portability --inline-suppr --std=c11 \
    --template='{file}:{line}: {severity}: {message} [{id}]' -I include -I src src 2>&1)
status=$?
[ -z "$found" ] || printf '%s\n' "$found" | sed 's/^/# /'
[ -z "$found" ] && [ $status = 0 ] && echo "ok 1 - cppcheck has no finding" || echo "not ok 1 - cppcheck has no finding"
echo "1..1"
