/* merge_note.h - how two captures of one conversation fit together, in words. */
#ifndef RENDER_MERGE_NOTE_H
#define RENDER_MERGE_NOTE_H

#include "render/prose.h"

#define MERGE_NOTES_MAX 5

/* Lines, most important first; returns how many. 0: the ladder was not merged. */
size_t merge_notes(char out[MERGE_NOTES_MAX][PROSE_MAX], const struct ladder_info *info,
                   enum language language);

#endif
