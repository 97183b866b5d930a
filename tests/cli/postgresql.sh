# SPDX-License-Identifier: BSD-2-Clause
# postgresql.sh - for scripts that want a database of their own: sourced behind tap.sh.
#
#     database            makes one; its address is $uri from then on

[ -n "${MUSICMAP_TEST_POSTGRESQL:-}" ] ||
    skip_all "no PostgreSQL server: its programs are not installed, or this was not run by tests/postgres"
unset MUSICMAP_LIBRARY
export MUSICMAP_FILES="$scratch/files"
database=cli$$

database() {
    psql -qX "$MUSICMAP_TEST_POSTGRESQL" -c "CREATE DATABASE $database TEMPLATE template0" || exit 1
    uri=$(echo "$MUSICMAP_TEST_POSTGRESQL" | sed "s:/postgres?:/$database?:")
    trap 'psql -qX "$MUSICMAP_TEST_POSTGRESQL" -c "DROP DATABASE $database WITH (FORCE)"; rm -rf "$scratch"' EXIT
}

# One figure out of the database.
ask() { # sql
    psql -qXAt "$uri" -c "SET search_path = musicmap" -c "$1"
}
