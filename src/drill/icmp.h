/*
 * icmp.h - the names that scripts give to ICMP types and codes.
 *
 * A name means one thing in ICMP and another in ICMPv6, and a script does not say which it is for,
 * so the numbers are looked up when the address family is known.
 */
#ifndef DRILL_ICMP_H
#define DRILL_ICMP_H

#include "drill/script.h"

/* False: no such type, or no such code of that type. `family` is 4 or 6. */
bool drill_icmp_numbers(int family, const struct drill_icmp *icmp, uint8_t *type, uint8_t *code);

#endif
