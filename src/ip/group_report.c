/*
 * group_report.c - the host's part of IGMP and MLD: when which membership is reported.
 *
 * Three dialects, by the oldest router that was heard lately (RFC 3376 7.2.1, RFC 3810 8.2.1): IGMPv1; IGMPv2 and
 * MLDv1, where each group has a message of its own and a report by another host makes ours needless; IGMPv3 and
 * MLDv2, where one report has records of many groups and everybody reports. Memberships here are for any
 * source, so a query about certain sources gets what one about the group gets: the whole truth.
 *
 * Having joined or left is told `robustness` times, the first time at once, since messages get lost.
 */
#include "ip/internal.h"

#include "wire/group.h"

#define ROBUSTNESS 2u               /* RFC 3376 8.1, RFC 3810 9.1 */
#define QUERY_INTERVAL_S 125u       /* 8.2, 9.2 */
#define REPEAT_RECORDS (1 * WEIR_S) /* unsolicited reports: 8.11, 9.11 */
#define REPEAT_SINGLE (10 * WEIR_S) /* RFC 2236 8.10, RFC 2710 7.10 */

static struct ip_querier *querier_at(const struct ip *ip, uint32_t index)
{
    return pool_at(&ip->queriers, index);
}

/* NULL: nobody ever asked. */
static struct ip_querier *querier_of(const struct ip *ip, uint32_t link, bool v4)
{
    uint32_t i = ip->querier_head;
    while (i != 0 && (querier_at(ip, i)->link != link || querier_at(ip, i)->v4 != v4)) {
        i = querier_at(ip, i)->next;
    }
    return i != 0 ? querier_at(ip, i) : NULL;
}

static struct ip_querier *querier_make(struct ip *ip, uint32_t link, bool v4)
{
    struct ip_querier *q = querier_of(ip, link, v4);
    uint32_t index;
    if (q == NULL) {
        q = pool_get(&ip->queriers, &index);
        if (q != NULL) {
            *q = (struct ip_querier){.next = ip->querier_head,
                                     .link = (uint16_t)link,
                                     .v4 = v4,
                                     .general_at = WEIR_NEVER};
            ip->querier_head = index;
        }
    }
    return q;
}

/* What is spoken on the link: IGMP 1, 2, 3; MLD 1, 2. */
static uint32_t version_of(const struct ip *ip, uint32_t link, bool v4)
{
    const struct ip_querier *q = querier_of(ip, link, v4);
    if (q != NULL && ip->env->now < q->older_until[0]) {
        return 1;
    }
    if (!v4) {
        return 2;
    }
    return q != NULL && ip->env->now < q->older_until[1] ? 2 : 3;
}

static bool has_records(uint32_t version, bool v4)
{
    return version == (v4 ? 3 : 2);
}

static void wait_until(struct ip *ip, weir_time *timer, weir_time at)
{
    *timer = at;
    ip->group_deadline = min_time(ip->group_deadline, at);
}

static weir_time random_after(struct ip *ip, weir_time most)
{
    return ip->env->now + (most == 0 ? 0 : 1 + rng_below(&ip->env->rng, most));
}

/* All systems are always in 224.0.0.1 and ff02::1, and what stays in the node (scopes 0, 1) concerns nobody
 * (RFC 2236 6, RFC 3810 6). */
static bool is_reported(const struct ip *ip, const struct ip_group *g)
{
    static const uint8_t all_hosts[4] = {224, 0, 0, 1};
    if (ip->links[g->link].config.no_group_reports || !ip->links[g->link].up) {
        return false;
    }
    if (ip_addr_is_v4(&g->ip)) {
        return memcmp(g->ip.b + 12, all_hosts, 4) != 0;
    }
    return ip->links[g->link].config.mtu >= IP6_MTU_MIN && (g->ip.b[1] & 15) > 1 &&
           !ip_addr_equal(&g->ip, &ip_all_nodes);
}

/* ---- Joining and leaving ------------------------------------------------------------------------------- */

static void announce(struct ip *ip, struct ip_group *g, uint8_t times)
{
    g->changes_left = times;
    wait_until(ip, &g->change_at, ip->env->now);
}

static uint8_t robustness_of(const struct ip *ip, const struct ip_group *g)
{
    const struct ip_querier *q = querier_of(ip, g->link, ip_addr_is_v4(&g->ip));
    return q != NULL && q->robustness != 0 ? q->robustness : ROBUSTNESS;
}

void group_joined(struct ip *ip, struct ip_group *g)
{
    g->changes_left = 0;
    g->change_at = g->answer_at = WEIR_NEVER;
    if (is_reported(ip, g)) {
        announce(ip, g, robustness_of(ip, g));
    }
}

void group_left(struct ip *ip, struct ip_group *g)
{
    bool v4 = ip_addr_is_v4(&g->ip);
    uint32_t version = version_of(ip, g->link, v4);
    bool records = has_records(version, v4);
    bool silent = v4 && version == 1; /* IGMPv1 has no leave */
    g->answer_at = WEIR_NEVER;
    if (!is_reported(ip, g) || silent || (!records && !g->reported_last)) {
        group_free(ip, g);
        return;
    }
    announce(ip, g, records ? robustness_of(ip, g) : 1);
}

void group_report_all(struct ip *ip, uint32_t link, bool v4, bool v6)
{
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        struct ip_group *g = group_at(ip, i);
        if (g->link == link && g->references != 0 && (ip_addr_is_v4(&g->ip) ? v4 : v6)) {
            group_joined(ip, g);
        }
    }
}

/* ---- What others say ----------------------------------------------------------------------------------- */

/* Of another dialect now: what was to be said in the old one is not (RFC 3376 7.2.1). */
static void forget_pending(struct ip *ip, struct ip_querier *q)
{
    q->general_at = WEIR_NEVER;
    for (uint32_t i = ip->group_head, next; i != 0; i = next) {
        struct ip_group *g = group_at(ip, i);
        next = g->next;
        if (g->link != q->link || ip_addr_is_v4(&g->ip) != q->v4) {
            continue;
        }
        g->change_at = g->answer_at = WEIR_NEVER;
        g->changes_left = 0;
        if (g->references == 0) {
            group_free(ip, g);
        }
    }
}

static void learn(struct ip *ip, struct ip_querier *q, const struct group_message *m)
{
    uint32_t before = version_of(ip, q->link, q->v4);
    if (has_records(m->version, q->v4)) {
        q->robustness = m->robustness;
        q->interval_s = m->interval_s;
        return;
    }
    uint32_t robustness = q->robustness != 0 ? q->robustness : ROBUSTNESS;
    uint32_t interval = q->interval_s != 0 ? q->interval_s : QUERY_INTERVAL_S;
    q->older_until[m->version - 1] = ip->env->now + (weir_time)robustness * interval * WEIR_S +
                                     m->response_ms * WEIR_MS; /* RFC 3376 8.12, RFC 3810 9.12 */
    if (version_of(ip, q->link, q->v4) != before) {
        forget_pending(ip, q);
    }
}

static void answer_later(struct ip *ip, struct ip_group *g, weir_time most, bool records)
{
    weir_time at = random_after(ip, most);
    if (records ? at < g->answer_at : g->answer_at > ip->env->now + most) { /* RFC 2236 3 */
        wait_until(ip, &g->answer_at, at);
    }
}

void group_on_query(struct ip *ip, uint32_t link, bool v4, const struct group_message *m)
{
    weir_time most = m->response_ms * WEIR_MS;
    bool general = ip_addr_is_unspecified(&m->group);
    struct ip_querier *q = querier_make(ip, link, v4);
    if (q == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, link, 0);
        return;
    }
    learn(ip, q, m);
    bool records = has_records(version_of(ip, link, v4), v4);
    if (general && records) {
        weir_time at = random_after(ip, most);
        if (at < q->general_at) { /* RFC 3376 5.2: one that comes sooner serves */
            wait_until(ip, &q->general_at, at);
        }
        return;
    }
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        struct ip_group *g = group_at(ip, i);
        if (g->link == link && g->references != 0 && ip_addr_is_v4(&g->ip) == v4 &&
            (general || ip_addr_equal(&g->ip, &m->group)) && is_reported(ip, g) &&
            (!records || q->general_at > ip->env->now + most)) {
            answer_later(ip, g, most, records);
        }
    }
}

void group_on_report(struct ip *ip, uint32_t link, const struct ip_addr *group)
{
    bool v4 = ip_addr_is_v4(group);
    if (has_records(version_of(ip, link, v4), v4)) {
        return; /* everybody reports */
    }
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        struct ip_group *g = group_at(ip, i);
        if (g->link == link && g->references != 0 && ip_addr_equal(&g->ip, group)) {
            g->change_at = g->answer_at = WEIR_NEVER;
            g->changes_left = 0;
            g->reported_last = false;
        }
    }
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static bool is_due(const struct ip *ip, const struct ip_group *g)
{
    return g->change_at <= ip->env->now || g->answer_at <= ip->env->now;
}

/* It was said; what next? */
static void go_on(struct ip *ip, struct ip_group *g, weir_time repeat)
{
    weir_time now = ip->env->now;
    if (g->answer_at <= now) {
        g->answer_at = WEIR_NEVER;
    }
    if (g->change_at > now) {
        return;
    }
    g->change_at = WEIR_NEVER;
    if (--g->changes_left != 0) {
        g->change_at = random_after(ip, repeat);
    } else if (g->references == 0) {
        group_free(ip, g);
    }
}

static void report(struct ip *ip, struct ip_group *g, uint32_t version,
                   struct group_records *records)
{
    bool v4 = records->v4, change = g->change_at <= ip->env->now;
    if (!is_reported(ip, g)) {
        return;
    }
    if (!has_records(version, v4)) {
        group_send_single(ip, g, version, g->references == 0);
        g->reported_last = true;
    } else {
        group_records_add(ip, records,
                          g->references == 0 ? GROUP_TO_INCLUDE
                          : change           ? GROUP_TO_EXCLUDE
                                             : GROUP_IS_EXCLUDE,
                          &g->ip);
    }
}

static void report_due(struct ip *ip, uint32_t link, bool v4)
{
    struct group_records records = {.link = link, .v4 = v4};
    struct ip_querier *q = querier_of(ip, link, v4);
    bool general = q != NULL && q->general_at <= ip->env->now;
    uint32_t version = version_of(ip, link, v4);
    for (uint32_t i = ip->group_head, next; i != 0; i = next) {
        struct ip_group *g = group_at(ip, i);
        next = g->next;
        if (g->link == link && ip_addr_is_v4(&g->ip) == v4 &&
            (is_due(ip, g) || (general && g->references != 0))) {
            report(ip, g, version, &records);
            go_on(ip, g, has_records(version, v4) ? REPEAT_RECORDS : REPEAT_SINGLE);
        }
    }
    group_records_send(ip, &records);
    if (general) {
        q->general_at = WEIR_NEVER;
    }
}

void group_timers(struct ip *ip)
{
    bool due[IP_LINKS_MAX][2] = {{false}};
    weir_time next = WEIR_NEVER;
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        const struct ip_group *g = group_at(ip, i);
        due[g->link][ip_addr_is_v4(&g->ip)] |= is_due(ip, g);
    }
    for (uint32_t i = ip->querier_head; i != 0; i = querier_at(ip, i)->next) {
        const struct ip_querier *q = querier_at(ip, i);
        due[q->link][q->v4] |= q->general_at <= ip->env->now;
        next = min_time(next, q->general_at > ip->env->now ? q->general_at : WEIR_NEVER);
    }
    for (uint32_t link = 0; link < ip->link_count; link++) {
        for (uint32_t family = 0; family < 2; family++) {
            if (due[link][family]) {
                report_due(ip, link, family != 0);
            }
        }
    }
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        const struct ip_group *g = group_at(ip, i);
        next = min_time(next, min_time(g->change_at, g->answer_at));
    }
    ip->group_deadline = next;
}
