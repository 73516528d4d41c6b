/*
 * icmp_errno.c - what an ICMP error means for the application: the number it is told, and whether the error is hard,
 * which ends what is not yet established (RFC 1122 4.2.3.9, RFC 5461). Numbers and hardness are Linux's.
 */
#include "ip/internal.h"
#include "wire/icmp.h"

struct meaning {
    int16_t error;
    uint8_t kind;
};

#define SOFT IP_ERROR_UNREACHABLE
#define HARD IP_ERROR_HARD
#define PROHIBITED IP_ERROR_PROHIBITED

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1: codes of Destination Unreachable. */
static const struct meaning unreachable4[] = {
    {WEIR_ENETUNREACH, SOFT},          {WEIR_EHOSTUNREACH, SOFT},
    {WEIR_ENOPROTOOPT, HARD},          {WEIR_ECONNREFUSED, HARD},
    {WEIR_EMSGSIZE, IP_ERROR_TOO_BIG}, {WEIR_EOPNOTSUPP, SOFT}, /* source route failed */
    {WEIR_ENETUNREACH, PROHIBITED},                             /* network unknown */
    {WEIR_EHOSTDOWN, PROHIBITED},                               /* host unknown */
    {WEIR_ENONET, PROHIBITED},                                  /* source host isolated */
    {WEIR_ENETUNREACH, PROHIBITED},  /* network administratively prohibited */
    {WEIR_EHOSTUNREACH, PROHIBITED}, /* host administratively prohibited */
    {WEIR_ENETUNREACH, SOFT},        /* for this type of service */
    {WEIR_EHOSTUNREACH, SOFT},         {WEIR_EHOSTUNREACH, PROHIBITED}, /* filtered */
    {WEIR_EHOSTUNREACH, PROHIBITED},                                    /* precedence violated */
    {WEIR_EHOSTUNREACH, PROHIBITED},                                    /* precedence too low */
};

/* RFC 4443 3.1 */
static const struct meaning unreachable6[] = {
    {WEIR_ENETUNREACH, SOFT},  {WEIR_EACCES, PROHIBITED}, {WEIR_EHOSTUNREACH, SOFT},
    {WEIR_EHOSTUNREACH, SOFT}, {WEIR_ECONNREFUSED, HARD}, {WEIR_EACCES, PROHIBITED},
    {WEIR_EACCES, PROHIBITED},
};

static bool take(struct ip_error *error, const struct meaning *m)
{
    error->kind = m->kind;
    error->error = m->error;
    return true;
}

bool icmp4_meaning(const struct icmp_message *m, struct ip_error *error)
{
    static const struct meaning unknown = {WEIR_EHOSTUNREACH, SOFT}, problem = {WEIR_EPROTO, SOFT};

    switch (m->type) {
    case ICMP4_UNREACHABLE:
        return take(error, m->code < ARRAY_SIZE(unreachable4) ? &unreachable4[m->code] : &unknown);
    case ICMP4_TIME_EXCEEDED: return take(error, &unknown);
    case ICMP4_PARAMETER_PROBLEM: return take(error, &problem);
    default: return false; /* Source Quench too (RFC 9293 MUST-55) */
    }
}

bool icmp6_meaning(const struct icmp_message *m, struct ip_error *error)
{
    static const struct meaning unknown = {WEIR_EPROTO, SOFT},
                                too_big = {WEIR_EMSGSIZE, IP_ERROR_TOO_BIG},
                                exceeded = {WEIR_EHOSTUNREACH, SOFT};
    /* an unrecognized next header is what RFC 4443 has for "protocol unreachable" */
    static const struct meaning protocol = {WEIR_EPROTO, HARD};

    switch (m->type) {
    case ICMP6_UNREACHABLE:
        return take(error, m->code < ARRAY_SIZE(unreachable6) ? &unreachable6[m->code] : &unknown);
    case ICMP6_TOO_BIG: return take(error, &too_big);
    case ICMP6_TIME_EXCEEDED: return take(error, &exceeded);
    case ICMP6_PARAMETER_PROBLEM: return take(error, m->code == 1 ? &protocol : &unknown);
    default: return false;
    }
}
