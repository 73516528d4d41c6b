/* comment.h - what is known of a segment, as the comment of its packet in a capture: for Wireshark to show. */
#ifndef RENDER_COMMENT_H
#define RENDER_COMMENT_H

#include "render/label.h"

/* "16 rtx#12: retx_fast, by sack\nthe bytes of segment 12 again\nFAST_RETX (warn): ...". NULL: no memory; the
 * caller frees. */
char *comment_of(const struct ladder *ladder, const struct ladder_segment *segment,
                 const struct numbering *numbering, enum language language);

#endif
