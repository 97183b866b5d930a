# SPDX-License-Identifier: BSD-2-Clause
# Whose is what: every file of ours, what the page is made of, models, songs.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

if command -v reuse >/dev/null && command -v git >/dev/null; then
    run 0 reuse --root "$MUSICMAP_ROOT" lint
    has "$out" '^\* Bad licenses:$'
else
    tests=$((tests + 1))
    echo "ok $tests - reuse lint # SKIP reuse is not installed"
fi

# The page holds nothing of others, so there is nothing to give notice of: its sources import each other only,
# and no package that npm brings for building it is a dependency of its own.
cat "$MUSICMAP_ROOT"/web/src/*.ts "$MUSICMAP_ROOT"/web/src/*/*.ts |
    grep -E "^(import|export) .*from '[^.]|import\('[^.]|^import '[^.]|require\(" >"$out"
lacks "$out" .
same "$(jq -r '.dependencies // {} | keys | join(" ")' "$MUSICMAP_ROOT/web/package.json")" "" \
    "the page has no dependency (if it gets one: its notice into the page, and this test changed)"

run 0 musicmap model list
has "$out" '^musicnn-msd .* CC-BY-NC-SA-4.0 '
same "$(grep -c . "$out")" "$(grep -cE ' (BSD-2-Clause|MIT|CC-BY-[A-Z0-9.-]+|Apache-2.0) ' "$out")" "every model tells its licence"
finish
