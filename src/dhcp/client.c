/*
 * client.c - the states of RFC 2131, figure 5.
 *
 * A state has one deadline. Messages that are not for the state, or not for us, change nothing: they are counted.
 */
#include "dhcp/client.h"

#define BACKOFF_FIRST (4 * WEIR_S) /* RFC 2131 4.1: then 8, 16, 32, 64 s, a second more or less */
#define BACKOFF_DOUBLINGS 4u
#define REQUESTS_MOST 4 /* and 3.1, 5: then from the beginning */
#define REBOOTS_MOST 3
#define RENEW_LEAST (60 * WEIR_S)  /* 4.4.5 */
#define DECLINE_WAIT (10 * WEIR_S) /* 3.1, 5 */
#define REFUSAL_DOUBLINGS 6u

static weir_time now_of(const struct weir_dhcp *d)
{
    return d->stack->env.now;
}

static weir_time random_below(struct weir_dhcp *d, weir_time span)
{
    return rng_below(&d->stack->env.rng, span);
}

static weir_time after(const struct weir_dhcp *d, weir_time span)
{
    weir_time now = now_of(d);

    return span < WEIR_NEVER - now ? now + span : WEIR_NEVER;
}

void dhcp_drop(struct weir_dhcp *d, enum weir_drop drop)
{
    env_drop(&d->stack->env, drop, d->link, 0);
}

static void enter(struct weir_dhcp *d, enum weir_dhcp_state state, weir_time deadline)
{
    d->state = (uint8_t)state;
    d->sent = 0;
    d->deadline = deadline;
}

/* Sends, and says when to send again. */
static void send_again(struct weir_dhcp *d, enum dhcp_type type)
{
    weir_time base = BACKOFF_FIRST << min_u32(d->sent, BACKOFF_DOUBLINGS);

    if (type == DHCP_REQUEST) {
        d->request_at = now_of(d);
    }
    if (d->sent < UINT8_MAX) {
        d->sent++;
    }
    dhcp_send(d, type);
    d->deadline = after(d, base - WEIR_S + random_below(d, 2 * WEIR_S + 1));
}

static void new_exchange(struct weir_dhcp *d)
{
    d->xid = (uint32_t)rng_next(&d->stack->env.rng);
    d->began = now_of(d);
}

/* ---- Beginnings ---------------------------------------------------------------------------------------------- */

void dhcp_init(struct weir_dhcp *d, weir_time delay)
{
    d->wanted = d->server = (struct weir_ip){0};
    enter(d, WEIR_DHCP_INIT, after(d, delay));
}

static void discover(struct weir_dhcp *d)
{
    new_exchange(d);
    enter(d, WEIR_DHCP_SELECTING, WEIR_NEVER);
    send_again(d, DHCP_DISCOVER);
}

void dhcp_reboot(struct weir_dhcp *d)
{
    struct weir_ip again = d->leased ? d->lease.ip : d->config.previous;

    if (again.family != 4) {
        dhcp_init(d, 0);
        return;
    }
    d->wanted = again;
    d->server = (struct weir_ip){0};
    new_exchange(d);
    enter(d, WEIR_DHCP_REBOOTING, WEIR_NEVER);
    send_again(d, DHCP_REQUEST);
}

static void lose(struct weir_dhcp *d)
{
    if (d->configured) {
        d->news |= WEIR_DHCP_LOST;
    }
    dhcp_unconfigure(d);
    d->leased = false;
}

/* ---- The lease goes on ------------------------------------------------------------------------------------------ */

static void bind_now(struct weir_dhcp *d)
{
    bool had = d->configured;

    if (dhcp_configure(d) != WEIR_OK) { /* the application has that address, or there is no room */
        d->leased = false;
        dhcp_init(d, BACKOFF_FIRST << BACKOFF_DOUBLINGS);
        return;
    }
    d->refusals = 0;
    d->news |= had ? WEIR_DHCP_EXTENDED : WEIR_DHCP_CONFIGURED;
    enter(d, WEIR_DHCP_BOUND, d->lease.t1);
}

/* RFC 2131 4.4.5: half of what is left until then, but a minute at least. */
static weir_time halfway(const struct weir_dhcp *d, weir_time until)
{
    weir_time now = now_of(d), left = until > now ? until - now : 0;

    return min_u64(until, after(d, max_u64(left / 2, RENEW_LEAST)));
}

static void renew(struct weir_dhcp *d)
{
    if (d->state == WEIR_DHCP_BOUND) {
        new_exchange(d);
        enter(d, WEIR_DHCP_RENEWING, WEIR_NEVER);
    }
    d->request_at = now_of(d);
    dhcp_send(d, DHCP_REQUEST);
    d->deadline = halfway(d, d->lease.t2);
}

static void rebind(struct weir_dhcp *d)
{
    if (d->state != WEIR_DHCP_REBINDING) {
        new_exchange(d);
        enter(d, WEIR_DHCP_REBINDING, WEIR_NEVER);
    }
    d->request_at = now_of(d);
    dhcp_send(d, DHCP_REQUEST);
    d->deadline = halfway(d, d->lease.end);
}

/* ---- Time ---------------------------------------------------------------------------------------------------------- */

static void reboot_again(struct weir_dhcp *d)
{
    if (d->sent < REBOOTS_MOST) {
        send_again(d, DHCP_REQUEST);
    } else if (d->leased) { /* RFC 2131 3.2, 3: nobody says no, and the lease goes on */
        enter(d, WEIR_DHCP_BOUND, d->lease.t1);
    } else {
        dhcp_init(d, 0);
    }
}

static void lease_timer(struct weir_dhcp *d)
{
    weir_time now = now_of(d);

    if (now >= d->lease.end) {
        lose(d);
        dhcp_init(d, 0);
    } else if (now >= d->lease.t2) {
        rebind(d);
    } else {
        renew(d);
    }
}

void dhcp_timer(struct weir_dhcp *d)
{
    if (d->leased && now_of(d) >= d->lease.end && d->state != WEIR_DHCP_STOPPED) {
        lose(d);
        dhcp_init(d, 0);
    }
    switch (d->state) {
    case WEIR_DHCP_INIT: discover(d); break;
    case WEIR_DHCP_SELECTING: send_again(d, DHCP_DISCOVER); break;
    case WEIR_DHCP_REQUESTING:
        if (d->sent < REQUESTS_MOST) {
            send_again(d, DHCP_REQUEST);
        } else {
            dhcp_init(d, 0);
        }
        break;
    case WEIR_DHCP_REBOOTING: reboot_again(d); break;
    case WEIR_DHCP_BOUND:
    case WEIR_DHCP_RENEWING:
    case WEIR_DHCP_REBINDING: lease_timer(d); break;
    default: d->deadline = WEIR_NEVER; break;
    }
}

/* ---- Conflicts ------------------------------------------------------------------------------------------------------- */

static void end_probe(struct weir_dhcp *d)
{
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);

    ip_probe_end(&d->stack->ip, d->link, &a);
}

/* RFC 2131 3.1, 5; RFC 5227 2.4: somebody else has it. */
void dhcp_conflict(struct weir_dhcp *d)
{
    if (!d->leased) {
        return;
    }
    end_probe(d);
    d->wanted = d->lease.ip;
    d->server = d->lease.server;
    lose(d);
    new_exchange(d);
    d->state = WEIR_DHCP_INIT; /* without an address to speak from */
    dhcp_send(d, DHCP_DECLINE);
    d->news |= WEIR_DHCP_CONFLICT;
    dhcp_init(d, DECLINE_WAIT);
}

void dhcp_look_at_probe(struct weir_dhcp *d)
{
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);

    switch (ip_probe_state(&d->stack->ip, d->link, &a)) {
    case IP_PROBE_PENDING: break;
    case IP_PROBE_CONFLICT: dhcp_conflict(d); break;
    default:
        end_probe(d);
        bind_now(d);
        break;
    }
}

/* ---- Messages -------------------------------------------------------------------------------------------------------- */

static bool is_for_us(const struct weir_dhcp *d, const struct dhcp_reply *r)
{
    const uint8_t *mac = d->stack->ip.links[d->link].config.mac;
    bool echoed = r->client_id_size != 0; /* RFC 6842 3: another client's then */

    return r->xid == d->xid && memcmp(r->mac, mac, 6) == 0 &&
           (!echoed || (r->client_id_size == d->config.client_id_size &&
                        memcmp(r->client_id, d->config.client_id, r->client_id_size) == 0));
}

static bool is_host(const uint8_t ip[4])
{
    return ip[0] != 0 && ip[0] != 127 && ip[0] < 224;
}

static bool on_offer(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    weir_time began = d->began;

    if (d->state != WEIR_DHCP_SELECTING || !r->has_server || !r->has_lease || !is_host(r->ip)) {
        return false;
    }
    d->wanted = dhcp_ip(r->ip);
    d->server = dhcp_ip(r->server);
    enter(d, WEIR_DHCP_REQUESTING, WEIR_NEVER);
    d->began = began; /* RFC 2131 table 5: the same xid and secs */
    send_again(d, DHCP_REQUEST);
    return true;
}

/* The address and the server that this state asks. */
static bool is_expected(const struct weir_dhcp *d, const struct dhcp_reply *r)
{
    bool from_server = memcmp(r->server, d->server.bytes, 4) == 0;

    switch (d->state) {
    case WEIR_DHCP_REQUESTING: return from_server && memcmp(r->ip, d->wanted.bytes, 4) == 0;
    case WEIR_DHCP_REBOOTING: return memcmp(r->ip, d->wanted.bytes, 4) == 0;
    case WEIR_DHCP_RENEWING:
    case WEIR_DHCP_REBINDING: return memcmp(r->ip, d->lease.ip.bytes, 4) == 0;
    default: return false;
    }
}

static bool on_ack(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    bool probe = !d->configured && !d->config.no_probe;

    if (!r->has_server || !r->has_lease || r->lease == 0 || !is_expected(d, r)) {
        return false;
    }
    dhcp_lease_take(d, r);
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);
    if (probe && ip_probe_start(&d->stack->ip, d->link, &a) == WEIR_OK) {
        enter(d, WEIR_DHCP_PROBING, WEIR_NEVER);
    } else {
        bind_now(d);
    }
    return true;
}

/* RFC 2131 3.1, 4: from the beginning; after several, slower and slower. */
static bool on_nak(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    bool asked = d->state == WEIR_DHCP_REQUESTING || d->state == WEIR_DHCP_REBOOTING ||
                 d->state == WEIR_DHCP_RENEWING || d->state == WEIR_DHCP_REBINDING;
    bool other = d->state == WEIR_DHCP_REQUESTING && memcmp(r->server, d->server.bytes, 4) != 0;

    if (!asked || other || !r->has_server) {
        return false;
    }
    lose(d);
    d->news |= WEIR_DHCP_REFUSED;
    d->config.previous.family = 0;
    dhcp_init(d, d->refusals ? WEIR_S << min_u32(d->refusals, REFUSAL_DOUBLINGS) : 0);
    if (d->refusals < UINT8_MAX) {
        d->refusals++;
    }
    return true;
}

void dhcp_input(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    bool taken = false;

    if (is_for_us(d, r)) {
        switch (r->type) {
        case DHCP_OFFER: taken = on_offer(d, r); break;
        case DHCP_ACK: taken = on_ack(d, r); break;
        case DHCP_NAK: taken = on_nak(d, r); break;
        default: break;
        }
    }
    if (!taken) {
        dhcp_drop(d, WEIR_DROP_DHCP_UNEXPECTED);
    }
}
