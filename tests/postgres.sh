# SPDX-License-Identifier: BSD-2-Clause
# postgres.sh - a private PostgreSQL server, sourced by tests/postgres and by tests that stop it.

# Sets $postgres_bin; fails where the programs are not there.
postgres_find() {
    for postgres_bin in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb || echo /none/x)")"; do
        [ -x "$postgres_bin/initdb" ] && [ -x "$postgres_bin/pg_ctl" ] && return 0
    done
    return 1
}

# The server refuses to run as root.
postgres_as() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    else
        "$@"
    fi
}

# Makes and starts a server in an empty folder.
postgres_make() {
    MUSICMAP_TEST_PGDATA=$1/data
    chmod 755 "$1"
    [ "$(id -u)" = 0 ] && chown nobody "$1"
    # What it holds is worth nothing after the test: no waiting for the disk.
    (cd "$1" && postgres_as "$postgres_bin/initdb" -D "$MUSICMAP_TEST_PGDATA" -U musicmap \
        --auth=trust --encoding=UTF8 --locale=C --no-sync --no-instructions) >"$1/log" 2>&1 || {
        cat "$1/log" >&2
        return 1
    }
    cat >>"$MUSICMAP_TEST_PGDATA/postgresql.conf" <<C
listen_addresses = ''
unix_socket_directories = '$1'
fsync = off
full_page_writes = off
max_connections = 60
shared_buffers = 64MB
C
    MUSICMAP_TEST_POSTGRESQL="postgresql://musicmap@/postgres?host=$1"
    export MUSICMAP_TEST_PGDATA MUSICMAP_TEST_POSTGRESQL
    postgres_start
}

postgres_start() {
    (cd / && postgres_as "$postgres_bin/pg_ctl" -D "$MUSICMAP_TEST_PGDATA" -w -s \
        -l "$MUSICMAP_TEST_PGDATA/server.log" start) </dev/null >/dev/null
}

postgres_stop() { # fast (waits for the running statements) or immediate (as a crash)
    (cd / && postgres_as "$postgres_bin/pg_ctl" -D "$MUSICMAP_TEST_PGDATA" -w -s -m "$1" stop)
}
