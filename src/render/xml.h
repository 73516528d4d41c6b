/* xml.h - text into XML: nothing in it can become markup. */
#ifndef RENDER_XML_H
#define RENDER_XML_H

#include <stdio.h>

/* Writes UTF-8 text, for content and for attributes: markup becomes entities, so that "<mss 1024>" stays to
 * be read; what XML does not allow becomes U+FFFD. */
void xml_put(FILE *out, const char *text);

#endif
