/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may come in: names, origins, passwords, sessions, crowds; and those who never say what they
 * want. Time is told, not waited for, but where a thread of its own looks at it. */
#include "check.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "view/door.h"
#include "view/patience.h"
#include "view/session.h"
#include "view/throttle.h"

static char record[MM_PASSWORD_RECORD];

static int make_record(void **state)
{
    (void)state;
    return mm_password_record("open sesame", record, NULL);
}

/* ---- a request ---- */

struct request {
    const char *method, *path, *from, *session, *body;
    const char *headers[8][2];
    double now;
};

static const char *header(void *ctx, const char *name)
{
    const struct request *request = ctx;
    for (size_t i = 0; i < 8 && request->headers[i][0]; i++)
        if (strcasecmp(request->headers[i][0], name) == 0)
            return request->headers[i][1];
    return NULL;
}

/* The status; 0 = let in. reply (may be NULL) is a copy whose pointers are static. */
static unsigned ask(struct mm_door *door, const struct request *request, struct mm_reply *out)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    inet_pton(AF_INET, request->from ? request->from : "127.0.0.1", &from.sin_addr);
    struct mm_knock knock = {.method = request->method ? request->method : "GET",
                             .path = request->path,
                             .header = header,
                             .session = request->session,
                             .ctx = (void *)(uintptr_t)request,
                             .from = (struct sockaddr *)&from,
                             .now = request->now};
    struct mm_reply reply;
    if (!mm_door_refuse(door, &knock, &reply) &&
        !mm_door_answer(door, &knock, request->body ? request->body : "", &reply))
        return 0;
    unsigned status = reply.status;
    if (out)
        *out = reply;
    mm_reply_finish(&reply);
    return status;
}

static struct mm_door *make_door(const char *address, const char *password, const char *url)
{
    struct mm_server_settings settings = {.address = address, .password = password, .url = url};
    struct mm_door *door;
    struct mm_error err = {0};
    assert_ok(mm_door_create(&settings, &door, &err), &err);
    return door;
}

#define LOCAL                    \
    {                            \
        "Host", "localhost:8765" \
    }
#define FORM                                                \
    {                                                       \
        "Content-Type", "application/x-www-form-urlencoded" \
    }
#define OURS                              \
    {                                     \
        "Origin", "http://localhost:8765" \
    }

static unsigned log_in(struct mm_door *door, const char *body, const char *from, double now,
                       char session[MM_SESSION_NAME])
{
    struct request request = {.method = "POST",
                              .path = "/login",
                              .from = from,
                              .body = body,
                              .headers = {LOCAL, OURS, FORM, {"Content-Length", "20"}},
                              .now = now};
    struct mm_reply reply = {0};
    unsigned status = ask(door, &request, &reply);
    if (session)
        snprintf(session, MM_SESSION_NAME, "%.64s", reply.cookie + strcspn(reply.cookie, "=") + 1);
    return status;
}

/* ---- the password ---- */

static void without_a_password_there_is_no_lock(void **state)
{
    (void)state;
    struct mm_door *door = make_door(NULL, NULL, NULL);
    assert_false(mm_door_is_locked(door));
    assert_int_equal(ask(door, &(struct request){.path = "/", .headers = {LOCAL}}, NULL), 0);
    assert_int_equal(ask(door, &(struct request){.path = "/login", .headers = {LOCAL}}, NULL), 0);
    assert_int_equal(log_in(door, "password=open+sesame", NULL, 0, NULL), 405);
    mm_door_destroy(door);
}

static void a_session_is_needed(void **state)
{
    (void)state;
    struct mm_door *door = make_door("0.0.0.0", record, NULL);
    static const char *const paths[] = {"/api/status", "/clip/1", "/index.html", "/assets/x.js",
                                        "/nothing",    "/login/", "/LOGIN"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(ask(door, &(struct request){.path = paths[i], .headers = {LOCAL}}, NULL),
                         401);
    struct mm_reply reply;
    assert_int_equal(ask(door, &(struct request){.path = "/", .headers = {LOCAL}}, &reply), 303);
    assert_string_equal(reply.location, "login");
    assert_int_equal(ask(door, &(struct request){.path = "/login", .headers = {LOCAL}}, &reply),
                     200);
    assert_true(reply.form);
    assert_int_equal(ask(door, &(struct request){.path = "/login.css", .headers = {LOCAL}}, NULL),
                     200);

    char session[MM_SESSION_NAME];
    assert_int_equal(log_in(door, "x=1&password=%6fpen+%73esame&y=2", NULL, 0, session), 303);
    struct request inside = {.path = "/api/status", .session = session, .headers = {LOCAL}};
    assert_int_equal(ask(door, &inside, NULL), 0);
    session[5] ^= 1;
    assert_int_equal(ask(door, &inside, NULL), 401);
    session[5] ^= 1;
    session[63] = '\0';
    assert_int_equal(ask(door, &inside, NULL), 401);

    assert_int_equal(log_in(door, "password=open sesame", NULL, 100, session), 303);
    struct request out = {.method = "POST",
                          .path = "/logout",
                          .session = session,
                          .headers = {LOCAL, OURS, FORM, {"Content-Length", "0"}}};
    assert_int_equal(ask(door, &out, &reply), 303);
    assert_non_null(strstr(reply.cookie, "Max-Age=0"));
    assert_int_equal(ask(door, &inside, NULL), 401);
    mm_door_destroy(door);
}

static void wrong_forms(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "password",
                                         "password=",
                                         "password=%",
                                         "password=%4",
                                         "password=%zz",
                                         "password=a%00b",
                                         "pass=open+sesame",
                                         "xpassword=open+sesame",
                                         "password=open+sesame%20"};
    struct mm_door *door = make_door("0.0.0.0", record, NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(log_in(door, bodies[i], NULL, 100.0 * (double)i, NULL), 401);
    char huge[1024] = "password=";
    memset(huge + 9, 'a', 900);
    assert_int_equal(log_in(door, huge, NULL, 10000, NULL), 401);
    mm_door_destroy(door);
}

static void guessing_is_slow(void **state)
{
    (void)state;
    struct mm_door *door = make_door("0.0.0.0", record, NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(log_in(door, "password=x", "192.0.2.1", 0, NULL), 401);
    for (int i = 0; i < 20; i++) /* even the right one, and costs us nothing */
        assert_int_equal(log_in(door, "password=open+sesame", "192.0.2.1", 1, NULL), 429);
    assert_int_equal(log_in(door, "password=open+sesame", "192.0.2.2", 1, NULL), 303);
    assert_int_equal(log_in(door, "password=open+sesame", "192.0.2.1", 12, NULL), 303);
    mm_door_destroy(door);
}

static void a_form_of_another_page(void **state)
{
    (void)state;
    struct mm_door *door = make_door("0.0.0.0", record, NULL);
    static const struct {
        struct request request;
        unsigned status;
    } cases[] = {
        {{.headers = {LOCAL, FORM, {"Content-Length", "9"}}}, 403},
        {{.headers = {LOCAL, FORM, {"Origin", "null"}, {"Content-Length", "9"}}}, 403},
        {{.headers = {LOCAL, FORM, {"Origin", "http://evil.example"}, {"Content-Length", "9"}}},
         403},
        {{.headers = {LOCAL, OURS, {"Content-Type", "text/plain"}, {"Content-Length", "9"}}}, 415},
        {{.headers = {LOCAL, OURS, FORM}}, 413},
        {{.headers = {LOCAL, OURS, FORM, {"Content-Length", "5000"}}}, 413},
        {{.headers = {LOCAL, OURS, FORM, {"Transfer-Encoding", "chunked"}}}, 413},
        {{.headers = {{"Host", "evil.example"}, OURS, FORM}}, 421},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = cases[i].request;
        request.method = "POST";
        request.path = "/login";
        assert_int_equal(ask(door, &request, NULL), cases[i].status);
    }
    mm_door_destroy(door);
}

/* ---- behind a proxy ---- */

static void a_proxy_tells_its_name(void **state)
{
    (void)state;
    struct mm_door *door = make_door(NULL, record, "https://Music.example/");
    assert_string_equal(mm_door_cookie(door), "__Host-musicmap");
    struct request page = {.path = "/login", .headers = {{"Host", "music.example"}}};
    assert_int_equal(ask(door, &page, NULL), 200);
    page.headers[0][1] = "other.example";
    assert_int_equal(ask(door, &page, NULL), 421);
    struct request post = {
        .method = "POST",
        .path = "/login",
        .body = "password=open+sesame",
        .headers = {{"Host", "music.example"}, FORM, {"Content-Length", "20"}, {"Origin", ""}}};
    post.headers[3][1] = "http://evil.example";
    assert_int_equal(ask(door, &post, NULL), 403);
    post.headers[3][1] = "https://music.example";
    struct mm_reply reply;
    assert_int_equal(ask(door, &post, &reply), 303);
    assert_non_null(strstr(reply.cookie, "; HttpOnly; SameSite=Strict; Secure"));
    assert_null(strstr(reply.cookie, "Domain"));
    mm_door_destroy(door);
}

/* What stands last was written by our proxy, what stands before it by anybody. */
static void a_proxy_tells_who_asks(void **state)
{
    (void)state;
    struct mm_door *door = make_door(NULL, record, "https://music.example");
    struct request request = {
        .path = "/api/status",
        .headers = {{"Host", "music.example"}, {"X-Forwarded-For", "1.2.3.4, 192.0.2.9"}}};
    unsigned status = 0;
    int n = 0;
    for (; n < 10000 && (status = ask(door, &request, NULL)) == 401; n++)
        continue;
    assert_int_equal(status, 429);
    assert_true(n >= 100 && n < 1000);
    request.headers[1][1] = "5.6.7.8, 192.0.2.9";
    assert_int_equal(ask(door, &request, NULL), 429);
    request.headers[1][1] = "192.0.2.9, 192.0.2.10";
    assert_int_equal(ask(door, &request, NULL), 401);
    request.from = "192.0.2.77"; /* no proxy of ours: nobody believes it */
    for (int i = 0; i < n; i++)
        ask(door, &request, NULL);
    request.headers[1][1] = "192.0.2.200";
    assert_int_equal(ask(door, &request, NULL), 429);
    mm_door_destroy(door);
}

static void settings_are_checked(void **state)
{
    (void)state;
    struct mm_door *door;
    static const char *const urls[] = {"",
                                       "music.example",
                                       "ftp://music.example",
                                       "https://",
                                       "https://a b/",
                                       "https://a\r\nX: y",
                                       "https:///",
                                       "https://music.example/?",
                                       "https://u@music/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct mm_server_settings settings = {.password = record, .url = urls[i]};
        assert_int_equal(mm_door_create(&settings, &door, NULL), MM_ERR_USAGE);
    }
    struct mm_server_settings open = {.url = "https://music.example"};
    assert_int_equal(mm_door_create(&open, &door, NULL), MM_ERR_USAGE);
    struct mm_server_settings plain = {.password = "secret"};
    assert_int_equal(mm_door_create(&plain, &door, NULL), MM_ERR_USAGE);
    mm_door_destroy(NULL);
}

/* ---- sessions ---- */

static void sessions_end_and_are_bounded(void **state)
{
    (void)state;
    enum { DAY = 86400 };
    struct mm_sessions *sessions;
    assert_int_equal(mm_sessions_create(&sessions, NULL), 0);
    char name[MM_SESSION_NAME];
    assert_int_equal(mm_session_begin(sessions, 0, name, NULL), 0);
    assert_true(mm_session_is(sessions, 7 * DAY, name));
    assert_false(mm_session_is(sessions, 14 * DAY + 1, name)); /* idle too long */
    assert_false(mm_session_is(sessions, 0, name));            /* for good */
    assert_int_equal(mm_session_begin(sessions, 0, name, NULL), 0);
    for (int day = 5; day <= 30; day += 5)
        assert_true(mm_session_is(sessions, (int64_t)day * DAY, name));
    assert_false(mm_session_is(sessions, 30 * DAY + 1, name));

    char kept[MM_SESSION_NAME];
    assert_int_equal(mm_session_begin(sessions, 0, name, NULL), 0);
    assert_int_equal(mm_session_begin(sessions, 1, kept, NULL), 0);
    char other[MM_SESSION_NAME];
    for (int i = 2; i <= MM_SESSIONS; i++) {
        assert_int_equal(mm_session_begin(sessions, i, other, NULL), 0);
        assert_true(mm_session_is(sessions, i, kept));
    }
    assert_false(mm_session_is(sessions, MM_SESSIONS, name)); /* used least recently */
    assert_true(mm_session_is(sessions, MM_SESSIONS, kept));
    assert_false(mm_session_is(sessions, 0, NULL));
    assert_false(mm_session_is(sessions, 0, ""));
    mm_sessions_destroy(sessions);
    mm_sessions_destroy(NULL);
}

/* ---- how often ---- */

static void buckets_fill_again(void **state)
{
    (void)state;
    struct mm_throttle *throttle;
    assert_int_equal(mm_throttle_create(10, 2, &throttle, NULL), 0);
    for (int i = 0; i < 10; i++)
        assert_true(mm_throttle_take(throttle, 7, 100, 1));
    assert_false(mm_throttle_take(throttle, 7, 100, 1));
    assert_true(mm_throttle_take(throttle, 8, 100, 10)); /* another's */
    assert_false(mm_throttle_take(throttle, 7, 100.4, 1));
    assert_true(mm_throttle_take(throttle, 7, 100.5, 1));
    assert_true(mm_throttle_take(throttle, 7, 1000, 10));
    assert_false(mm_throttle_take(throttle, 7, 1000, 1));
    for (uint64_t who = 100; who < 100000; who++) /* many more than there is room for */
        assert_true(mm_throttle_take(throttle, who, 1000, 1));
    mm_throttle_destroy(throttle);
}

static void addresses(void **state)
{
    (void)state;
    assert_true(mm_throttle_who_text("192.0.2.1") != mm_throttle_who_text("192.0.2.2"));
    assert_true(mm_throttle_who_text("2001:db8::1") == mm_throttle_who_text("2001:db8::ffff"));
    assert_true(mm_throttle_who_text("2001:db8::1") != mm_throttle_who_text("2001:db8:0:1::1"));
    assert_true(mm_throttle_who_text("::ffff:192.0.2.1") == mm_throttle_who_text("192.0.2.1"));
    assert_true(mm_throttle_who_text("unknown") == 0);
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr);
    assert_true(mm_throttle_who((struct sockaddr *)&v6) == mm_throttle_who_text("2001:db8::1"));
    assert_true(mm_throttle_who(NULL) == 0);
}

/* ---- patience ---- */

/* Whether the other end is hung up on within five seconds; false at once when wait is 0. */
static bool hung_up(int fd, int wait)
{
    struct timeval patience = {.tv_sec = wait ? 5 : 0, .tv_usec = wait ? 0 : 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

static void who_says_nothing_is_hung_up_on(void **state)
{
    (void)state;
    struct mm_patience *patience;
    assert_int_equal(mm_patience_create(3600, 0, 2, &patience, NULL), 0);
    int pairs[3][2];
    struct mm_guest *guests[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
    guests[0] = mm_guest_enter(patience, pairs[0][0]);
    guests[1] = mm_guest_enter(patience, pairs[1][0]);
    mm_guest_heard(guests[1]);
    assert_false(hung_up(pairs[0][1], 0)); /* two: an hour's patience */
    guests[2] = mm_guest_enter(patience, pairs[2][0]);
    assert_true(hung_up(pairs[0][1], 1)); /* three: none */
    assert_true(hung_up(pairs[2][1], 1));
    assert_false(hung_up(pairs[1][1], 0)); /* its answer is on the way */
    mm_guest_answered(guests[1]);
    assert_true(hung_up(pairs[1][1], 1));
    mm_guest_heard(NULL);
    for (int i = 0; i < 3; i++) {
        mm_guest_leave(guests[i]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    mm_patience_destroy(patience);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_password_there_is_no_lock),
        cmocka_unit_test(a_session_is_needed),
        cmocka_unit_test(wrong_forms),
        cmocka_unit_test(guessing_is_slow),
        cmocka_unit_test(a_form_of_another_page),
        cmocka_unit_test(a_proxy_tells_its_name),
        cmocka_unit_test(a_proxy_tells_who_asks),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(sessions_end_and_are_bounded),
        cmocka_unit_test(buckets_fill_again),
        cmocka_unit_test(addresses),
        cmocka_unit_test(who_says_nothing_is_hung_up_on),
    };
    return cmocka_run_group_tests_name("view door", tests, make_record, NULL);
}
