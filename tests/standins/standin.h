/* What both stand-in libraries share: their answers come from a file of `key=value` lines. */
#ifndef STANDIN_H
#define STANDIN_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The value of a key in the file that the variable names, or NULL. The caller copies it before it asks again. */
static const char *standin_text(const char *variable, const char *key)
{
    static char line[512];
    const char *path = getenv(variable);
    FILE *file = path ? fopen(path, "r") : NULL;
    const char *found = NULL;
    while (file && !found && fgets(line, sizeof line, file)) {
        size_t length = strlen(key);
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            found = line + length + 1;
    }
    if (file)
        fclose(file);
    return found;
}

static long standin_number(const char *variable, const char *key, long otherwise)
{
    const char *text = standin_text(variable, key);
    return text ? strtol(text, NULL, 0) : otherwise;
}

/* `hang.NAME=SECONDS`, `busy.NAME=SECONDS`, `signal.NAME=NUMBER`, `exit.NAME=STATUS`: what a call does instead. */
static void standin_misbehave(const char *variable, const char *name)
{
    char key[128];
    long number;
    snprintf(key, sizeof key, "hang.%s", name);
    if ((number = standin_number(variable, key, 0)) > 0)
        sleep((unsigned)number);
    snprintf(key, sizeof key, "busy.%s", name);
    if ((number = standin_number(variable, key, 0)) > 0) {
        volatile unsigned long spun = 0;
        alarm((unsigned)number);
        for (;;)
            spun++;
    }
    snprintf(key, sizeof key, "signal.%s", name);
    if ((number = standin_number(variable, key, 0)) > 0) {
        signal((int)number, SIG_DFL);
        raise((int)number);
    }
    snprintf(key, sizeof key, "exit.%s", name);
    if ((number = standin_number(variable, key, -1)) >= 0)
        _exit((int)number);
}

/* The text of `PREFIXindex.NAME`, cut to fit; 0 where the file has it. */
static int standin_device_text(const char *variable, const char *prefix, int index, const char *name, char *into, size_t size)
{
    char key[128];
    const char *text;
    snprintf(key, sizeof key, "%s%d.%s", prefix, index, name);
    text = standin_text(variable, key);
    if (!text || size == 0)
        return 1;
    snprintf(into, size, "%s", text);
    return 0;
}

/* How many `PREFIX0.name`, `PREFIX1.name` … follow one another. */
static int standin_count(const char *variable, const char *prefix)
{
    char text[256];
    int count = 0;
    while (standin_device_text(variable, prefix, count, "name", text, sizeof text) == 0)
        count++;
    return count;
}

#endif
