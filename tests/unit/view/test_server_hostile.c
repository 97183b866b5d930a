/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server must survive: strange requests, strange hosts, crowds, and a map that changes. */
#include "server_check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* ---- what is asked for ---- */

static void no_path_but_known_ids(void **state)
{
    struct library *library = *state;
    static const char *const paths[] = {
        "/clip/",
        "/clip/0",
        "/clip/-1",
        "/clip/+1",
        "/clip/01",
        "/clip/1/",
        "/clip/1x",
        "/clip/1%00",
        "/clip/%31",
        "/clip/1.mp3",
        "/clip/99999999999999999999999999",
        "/clip/9223372036854775807",
        "/clip/18446744073709551617",
        "/clip/../music/song",
        "/clip/song%201.wav",
        "/cover/",
        "/cover/x",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/assets/../../etc/passwd",
        "/assets/..%5c..%5cetc",
        "/assets/",
        "/assets",
        "//",
        "//etc/passwd",
        "/./",
        "/index.html/",
        "/index.html%00",
        "/INDEX.HTML",
        "/api",
        "/api/",
        "/api/map/",
        "/api/mapx",
        "/api/status/1",
        "/catalog.sqlite",
        "/music/song%201.wav",
        "/\\..\\",
        "/clip",
        "/~root",
        "/.git/config",
        "/?/../../etc/passwd/x.html/../..%2f" /* a query on the page: harmless */,
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct reply reply = client_get(library->port, paths[i]);
        bool page = paths[i][1] == '?';
        if (reply.status != (page ? 200 : 404))
            fail_msg("%s: %d", paths[i], reply.status);
        assert_null(strstr(reply.body, "root:"));
        assert_string_equal(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
        reply_finish(&reply);
    }
}

static void only_get_and_head(void **state)
{
    struct library *library = *state;
    static const char *const methods[] = {"POST",  "PUT",     "DELETE", "OPTIONS",
                                          "PATCH", "CONNECT", "TRACE",  "NONSENSE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct reply reply =
            client_ask(library->port, methods[i], "/api/status", "Content-Length: 0\r\n");
        if (reply.status != 405)
            fail_msg("%s: %d", methods[i], reply.status);
        assert_string_equal(reply_header(&reply, "Allow"), "GET, HEAD");
        assert_string_equal(reply_header(&reply, "X-Frame-Options"), "DENY");
        reply_finish(&reply);
    }
    struct reply reply =
        client_ask(library->port, "GET", "/api/status", "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(reply.status, 413);
    reply_finish(&reply);
    reply = client_ask(library->port, "GET", "/", "Content-Length: 99999999999999\r\n");
    assert_int_equal(reply.status, 413);
    reply_finish(&reply);
    reply = client_ask(library->port, "GET", "/",
                       "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
    assert_int_equal(reply.status, 413);
    reply_finish(&reply);
}

static void strange_hosts_get_nothing(void **state)
{
    struct library *library = *state;
    static const struct {
        const char *lines;
        int status;
    } cases[] = {
        {"Host: localhost\r\n", 200},
        {"Host: 127.0.0.1:8765\r\n", 200},
        {"Host: [::1]:8765\r\n", 200},
        {"host: LOCALHOST\r\n", 200},
        {"Host: evil.example\r\n", 421},
        {"Host: evil.example:8765\r\n", 421},
        {"Host: localhost.evil.example\r\n", 421},
        {"Host: 192.168.0.7\r\n", 421},
        {"Host: \r\n", 421},
        {"Host: localhost@evil.example\r\n", 421},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text =
            mm_format("GET /api/status HTTP/1.1\r\nConnection: close\r\n%s\r\n", cases[i].lines);
        struct reply reply = client_raw(library->port, text, strlen(text));
        if (reply.status != cases[i].status)
            fail_msg("%s: %d", cases[i].lines, reply.status);
        reply_finish(&reply);
        free(text);
    }
    static const char none[] = "GET /api/status HTTP/1.0\r\n\r\n";
    struct reply reply = client_raw(library->port, none, sizeof none - 1);
    assert_true(reply.status == 421 || reply.status == 400);
    reply_finish(&reply);
}

/* ---- how it is asked for ---- */

static void assert_alive(const struct library *library)
{
    assert_int_equal(client_status(library->port, "/api/status"), 200);
}

static void half_requests_and_garbage(void **state)
{
    struct library *library = *state;
    static const char whole[] = "GET /clip/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int open[sizeof whole];
    size_t n_open = 0;
    for (size_t cut = 0; cut < sizeof whole - 1; cut += 3) { /* hung up in the middle, or left */
        int fd = client_connect(library->port);
        client_send(fd, whole, cut);
        if (cut % 2)
            close(fd);
        else
            open[n_open++] = fd;
    }
    static const struct {
        const char *bytes;
        size_t count;
    } garbage[] = {
        {"\0\0\0\0\r\n\r\n", 8},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}, /* somebody speaks TLS */
        {"GET\r\n\r\n", 7},
        {"GET  HTTP/1.1\r\n\r\n", 17},
        {"GET / HTTP/9.9\r\nHost: localhost\r\nConnection: close\r\n\r\n", 54},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\nConnection: close\r\n\r\n", 65},
        {"GET / HTTP/1.1\r\n: \r\nConnection: close\r\n\r\n", 42},
        {"\r\n\r\n\r\n\r\n\r\n\r\n", 12},
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        int fd = client_connect(library->port);
        /* Some of it is waited out by the server, which no test need see. */
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 2},
                   sizeof(struct timeval));
        client_send(fd, garbage[i].bytes, garbage[i].count);
        shutdown(fd, SHUT_WR);
        struct reply reply = client_read(fd);
        close(fd);
        reply_finish(&reply);
        assert_alive(library);
    }
    static const char nul[] = "GET /clip/4\0/../1 HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: close\r\n\r\n";
    struct reply reply = client_raw(library->port, nul, sizeof nul - 1);
    assert_int_not_equal(reply.status, 200);
    reply_finish(&reply);
    assert_alive(library);
    while (n_open)
        close(open[--n_open]);
}

static void too_long_is_refused(void **state)
{
    struct library *library = *state;
    enum { HUGE_SIZE = 1 << 20 };
    char *text = malloc(HUGE_SIZE + 100);
    for (size_t length = 10000; length <= HUGE_SIZE; length *= 10) {
        memset(text, 'a', length);
        memcpy(text, "GET /", 5);
        strcpy(text + length, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        struct reply reply = client_raw(library->port, text, strlen(text));
        assert_int_not_equal(reply.status, 200);
        reply_finish(&reply);
        assert_alive(library);
    }
    size_t at = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    while (at < HUGE_SIZE) /* very many headers */
        at += (size_t)sprintf(text + at, "X-%zu: y\r\n", at);
    strcpy(text + at, "\r\n");
    struct reply reply = client_raw(library->port, text, strlen(text));
    assert_int_not_equal(reply.status, 200);
    reply_finish(&reply);
    assert_alive(library);
    free(text);
}

static void many_requests_on_one_connection(void **state)
{
    struct library *library = *state;
    static const char two[] = "GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "GET /clip/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "GET /clip/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
                              "GET /nothing HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: close\r\n\r\n";
    struct reply reply = client_raw(library->port, two, sizeof two - 1);
    assert_int_equal(reply.status, 200);
    /* The last of the five answers: nothing was lost on the way. */
    assert_memory_equal(reply.body + reply.size - 2, "\"}", 2);
    reply_finish(&reply);
}

/* ---- crowds ---- */

struct client {
    pthread_t thread;
    struct library *library;
    const char *path;
    int rounds;
    atomic_int *stop;
    int wrong; /* a status that should not be */
    size_t size;
};

static void *ask_often(void *arg)
{
    struct client *client = arg;
    for (int i = 0; i < client->rounds; i++) {
        struct reply reply = client_get(client->library->port, client->path);
        if (reply.status != 200)
            client->wrong = reply.status ? reply.status : -1;
        client->size = reply.size;
        reply_finish(&reply);
    }
    return NULL;
}

static void a_crowd_wants_one_clip(void **state)
{
    struct library *library = *state;
    enum { CROWD = 24 };
    struct client clients[CROWD] = {0};
    for (int i = 0; i < CROWD; i++) {
        clients[i] =
            (struct client){.library = library, .path = i % 3 ? "/clip/1" : "/clip/2", .rounds = 4};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, ask_often, &clients[i]), 0);
    }
    for (int i = 0; i < CROWD; i++)
        pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(clients[i].wrong, 0);
        assert_int_equal(clients[i].size, clients[i % 3 ? 1 : 0].size);
    }
}

/* Takes the map by its name and the songs of that name: they fit, or the name is out of date. */
static void *follow_map(void *arg)
{
    struct client *client = arg;
    while (!atomic_load(client->stop)) {
        char token[17];
        struct reply map = client_get(client->library->port, "/api/map");
        int n;
        if (map.status != 200 ||
            sscanf(map.body, "{\"map\":\"%16[0-9a-f]\",\"songs\":%d", token, &n) != 2) {
            client->wrong = map.status ? map.status : -1;
            n = 0;
        }
        reply_finish(&map);
        char *path = mm_format("/api/tile/0?map=%s", token);
        struct reply cells = client_get(client->library->port, path);
        free(path);
        if (cells.status == 200 && (unsigned char)cells.body[4] != n)
            client->wrong = -2;
        if (cells.status != 200 && cells.status != 409)
            client->wrong = cells.status ? cells.status : -1;
        reply_finish(&cells);
        client->rounds++;
    }
    return NULL;
}

static void the_map_changes_under_them(void **state)
{
    struct library *library = *state;
    enum { FOLLOWERS = 4, MAPS = 12 };
    struct client clients[FOLLOWERS] = {0};
    atomic_int stop = 0;
    for (int i = 0; i < FOLLOWERS; i++) {
        clients[i] = (struct client){.library = library, .stop = &stop};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, follow_map, &clients[i]), 0);
    }
    for (int turn = 1; turn <= MAPS; turn++) {
        put_map(library, 3 + (size_t)turn % (N_SONGS - 3), turn);
        assert_int_equal(client_status(library->port, "/api/map"), 200);
        assert_alive(library);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < FOLLOWERS; i++)
        pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(clients[i].wrong, 0);
        assert_true(clients[i].rounds > 0);
    }
}

static void *ask_once(void *arg)
{
    struct client *client = arg;
    struct reply reply = client_get(client->library->port, client->path);
    client->wrong = reply.status;
    reply_finish(&reply);
    return NULL;
}

static void stopping_answers_what_is_in_hand(void **state)
{
    struct library *library = *state;
    static const char *const paths[] = {"/clip/1", "/clip/2", "/clip/3", "/clip/8", "/cover/3"};
    enum { N = sizeof paths / sizeof *paths };
    struct client clients[N];
    for (int i = 0; i < N; i++) {
        clients[i] = (struct client){.library = library, .path = paths[i]};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, ask_once, &clients[i]), 0);
    }
    assert_alive(library); /* so that some of them have come in */
    stop_server(library);
    for (int i = 0; i < N; i++)
        pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < N; i++) {
        /* Made, given up with a word, or too late to be let in. */
        assert_true(clients[i].wrong == 200 || clients[i].wrong == 503 || clients[i].wrong == 0);
    }
}

/* ---- ports ---- */

static void the_next_free_port_is_taken(void **state)
{
    struct library *library = *state;
    struct mm_server *second = NULL;
    struct mm_server_settings settings = {.port = library->port, .port_tries = 1};
    assert_true(
        mm_server_start(library->catalog, library->helpers, &settings, &second, &library->err) < 0);
    assert_null(second);
    assert_non_null(strstr(library->err.message, "in use"));
    settings.port_tries = 40;
    assert_ok(
        mm_server_start(library->catalog, library->helpers, &settings, &second, &library->err),
        &library->err);
    int port = 0;
    assert_int_equal(sscanf(mm_server_url(second), "http://127.0.0.1:%d/", &port), 1);
    assert_true(port > library->port && port < library->port + 40);
    assert_int_equal(client_status(port, "/api/status"), 200);
    mm_server_stop(second);
    static const struct mm_server_settings bad[] = {
        {.port = -1, .port_tries = 1},
        {.port = 65536, .port_tries = 1},
        {.port = 0, .port_tries = 0},
        {.address = "no such address!", .port_tries = 1},
        {.address = "192.0.2.1", .port_tries = 1}, /* nobody's (RFC 5737) */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        library->err.message[0] = '\0';
        assert_true(mm_server_start(library->catalog, library->helpers, &bad[i], &second,
                                    &library->err) < 0);
        assert_true(strlen(library->err.message) > 10);
    }
    mm_server_stop(NULL);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
#define ON_LIBRARY(test) cmocka_unit_test_setup_teardown(test, open_library, close_library)
#define ON_MAP(test)     cmocka_unit_test_setup_teardown(test, open_library_with_map, close_library)
    const struct CMUnitTest tests[] = {
        ON_MAP(no_path_but_known_ids),
        ON_LIBRARY(only_get_and_head),
        ON_LIBRARY(strange_hosts_get_nothing),
        ON_LIBRARY(half_requests_and_garbage),
        ON_LIBRARY(too_long_is_refused),
        ON_LIBRARY(many_requests_on_one_connection),
        ON_LIBRARY(a_crowd_wants_one_clip),
        ON_MAP(the_map_changes_under_them),
        ON_LIBRARY(stopping_answers_what_is_in_hand),
        ON_LIBRARY(the_next_free_port_is_taken),
    };
    return cmocka_run_group_tests_name("view server, hostile", tests, NULL, NULL);
}
