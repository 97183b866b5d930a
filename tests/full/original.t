# SPDX-License-Identifier: BSD-2-Clause
# The original, replayed whole: 126 genres x 10 songs, OpenL3, K-means, PCA, a page that is heard.
MUSICMAP_ORIGINAL=whole exec node "$MUSICMAP_ROOT/tests/web/original.test.mjs"
