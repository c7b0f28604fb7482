/* Test folders: what a test made below /tmp goes when it ends. */
#ifndef WRIT_TESTS_FOLDER_H
#define WRIT_TESTS_FOLDER_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>

static inline int folder_remove_one(const char *path, const struct stat *st, int type,
                                    struct FTW *at)
{
    return remove(path);
}

/* Removes the folder and all in it; links are not followed. */
static inline bool folder_remove(const char *path)
{
    return nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

#endif
