/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Playlists of a Subsonic server. Ids travel in the address, so a long list is written in parts:
 * createPlaylist with the first of them makes it, or makes it hold these, and updatePlaylist puts
 * the others behind. What a lost reply leaves half done is seen by reading the list again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "http/address.h"
#include "source/subsonic.h"

enum { PART = 60 /* ids of an address */ };

void mm_remote_list_finish(struct mm_remote_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->ids[i]);
    free(list->ids);
    free(list->id);
    *list = (struct mm_remote_list){0};
}

/* The first of that name that is the user's own. */
static int find_list(struct mm_remote *server, const char *name, char **id, struct mm_error *err)
{
    json_t *json;
    const json_t *body;
    *id = NULL;
    int result = mm_subsonic_ask(server, "getPlaylists", NULL, false, &json, &body, err);
    if (result < 0)
        return result;
    const json_t *lists = json_object_get(json_object_get(body, "playlists"), "playlist");
    for (size_t i = 0; i < json_array_size(lists) && !*id; i++) {
        const json_t *list = json_array_get(lists, i);
        const char *called = mm_json_text(list, "name");
        const char *owner = mm_json_text(list, "owner");
        if (called && strcmp(called, name) == 0 && (!owner || strcmp(owner, server->user) == 0))
            *id = mm_json_id(list, "id");
    }
    json_decref(json);
    return 0;
}

static int add_id(struct mm_remote_list *list, size_t *capacity, char *id)
{
    if (mm_array_reserve(&list->ids, capacity, list->n + 1) < 0) {
        free(id);
        return MM_ERR_NO_MEMORY;
    }
    list->ids[list->n++] = id;
    return 0;
}

static int read_list(struct mm_remote *server, struct mm_remote_list *out, struct mm_error *err)
{
    json_t *json;
    const json_t *body;
    size_t capacity = 0;
    struct mm_text parameters = {0};
    mm_text_add(&parameters, "&id=");
    mm_address_escape(&parameters, out->id);
    int result = parameters.failed ? mm_no_memory(err)
                                   : mm_subsonic_ask(server, "getPlaylist", parameters.data, false,
                                                     &json, &body, err);
    mm_text_finish(&parameters);
    if (result < 0)
        return result;
    const json_t *songs = json_object_get(json_object_get(body, "playlist"), "entry");
    for (size_t i = 0; i < json_array_size(songs) && result == 0; i++) {
        char *id = mm_json_id(json_array_get(songs, i), "id");
        if (id && add_id(out, &capacity, id) < 0)
            result = mm_no_memory(err);
    }
    json_decref(json);
    return result;
}

int mm_remote_list(struct mm_remote *server, const char *name, struct mm_remote_list *out,
                   struct mm_error *err)
{
    *out = (struct mm_remote_list){0};
    int result = find_list(server, name, &out->id, err);
    if (result == 0 && out->id)
        result = read_list(server, out, err);
    if (result < 0)
        mm_remote_list_finish(out);
    return result;
}

/* One call with ids; what names the list, and the name of the ids' parameter. */
static int send_part(struct mm_remote *server, const char *call, const char *which,
                     const char *value, const char *parameter, const char *const *ids, size_t n,
                     struct mm_error *err)
{
    json_t *json = NULL;
    const json_t *body;
    struct mm_text parameters = {0};
    mm_text_addf(&parameters, "&%s=", which);
    mm_address_escape(&parameters, value);
    for (size_t i = 0; i < n; i++) {
        mm_text_addf(&parameters, "&%s=", parameter);
        mm_address_escape(&parameters, ids[i]);
    }
    int result = parameters.failed
                     ? mm_no_memory(err)
                     : mm_subsonic_ask(server, call, parameters.data, true, &json, &body, err);
    json_decref(json);
    mm_text_finish(&parameters);
    return result;
}

int mm_remote_list_write(struct mm_remote *server, const char *name,
                         const struct mm_remote_list *list, const char *const *ids, size_t n,
                         bool append, struct mm_error *err)
{
    size_t done = 0;
    char *id = NULL;
    int result = 0;
    if (!list->id || !append) {
        done = n < PART ? n : PART;
        result = send_part(server, "createPlaylist", list->id ? "playlistId" : "name",
                           list->id ? list->id : name, "songId", ids, done, err);
    }
    if (result == 0 && done < n && !list->id)
        result = find_list(server, name, &id, err);
    if (result == 0 && done < n && !list->id && !id)
        result =
            mm_error_set(err, MM_ERR_AGAIN, "%s made no playlist \"%s\"", server->address, name);
    while (result == 0 && done < n) {
        size_t part = n - done < PART ? n - done : PART;
        result = send_part(server, "updatePlaylist", "playlistId", list->id ? list->id : id,
                           "songIdToAdd", ids + done, part, err);
        done += part;
    }
    free(id);
    return result;
}
