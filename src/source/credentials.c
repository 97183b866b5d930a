/* SPDX-License-Identifier: BSD-2-Clause */
/* credentials.c - secrets from the environment or from a file that nobody else can read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "source/service.h"

char *mm_config_path(const char *name)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (base && *base)
        return mm_format("%s/musicmap/%s", base, name);
    return home && *home ? mm_format("%s/.config/musicmap/%s", home, name) : NULL;
}

/* The value in "name = value"; NULL when the line is another's. */
static const char *value_in(char *line, const char *name)
{
    while (*line == ' ' || *line == '\t')
        line++;
    char *equals = strchr(line, '=');
    if (!equals || *line == '#')
        return NULL;
    char *end = equals;
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    if ((size_t)(end - line) != strlen(name) || strncasecmp(line, name, strlen(name)) != 0)
        return NULL;
    char *value = equals + 1;
    while (isspace((unsigned char)*value))
        value++;
    size_t n = strlen(value);
    while (n && isspace((unsigned char)value[n - 1]))
        value[--n] = '\0';
    return n ? value : NULL;
}

static char *from_file(const char *path, const char *name, struct mm_error *err)
{
    struct stat st;
    char *text = NULL;
    size_t n;
    if (!path || stat(path, &st) != 0)
        return NULL;
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        mm_error_set(err, MM_ERR_USAGE, "%s can be read by others: chmod 600 it first", path);
        return NULL;
    }
    char *found = NULL;
    if (mm_file_read(path, 65536, &text, &n, NULL) == 0)
        for (char *rest = text, *line; !found && (line = strsep(&rest, "\n"));) {
            const char *value = value_in(line, name);
            found = value ? mm_strdup(value) : NULL;
        }
    if (text)
        explicit_bzero(text, n);
    free(text);
    return found;
}

char *mm_credential(const char *name, struct mm_error *err)
{
    const char *value = getenv(name);
    if (value && *value)
        return mm_strdup(value);
    char *path = mm_config_path("credentials");
    struct mm_error local = {0};
    char *found = from_file(path, name, &local);
    if (!found && local.code == 0)
        mm_error_set(&local, MM_ERR_USAGE, "%s is not set, neither in the environment nor in %s",
                     name, path ? path : "a file of credentials");
    free(path);
    if (!found && err)
        *err = local;
    return found;
}
