/*
 * zerocopy.c - MSG_ZEROCOPY, and the error queue, where its completions are told (MSG_ERRQUEUE).
 *
 * Each call that took bytes has a number, from 0. Its notice waits among the socket's pins until nothing needs
 * the caller's memory any more: until the core has released what was lent to it, or, where the space copies
 * (weir_sock_config.zerocopy_copies), until the peer has acknowledged it. Then the same notice, which needs no
 * memory now, goes to the error queue, or into the one before it when their numbers touch, as with Linux.
 */
#include "socket/sock.h"

#define PINS_MAX 4096
#define COOKIE_TAG ((uint64_t)0x53 << 56) /* of RELEASED: that it is ours, slot, serial */
#define COOKIE_SLOT_MAX 0xffffffu

struct sock_notice {
    struct sock_notice *next;
    struct weir_sock_report report;
    uint64_t end;        /* copied: done when that many bytes were acknowledged */
    uint32_t serial;     /* in its cookie */
    uint32_t references; /* pieces that the core has borrowed */
};

/* ---- The queue ---------------------------------------------------------------------------------------- */

static void append(struct sock_notices *list, struct sock_notice *n)
{
    n->next = NULL;
    if (list->tail) {
        list->tail->next = n;
    } else {
        list->head = n;
    }
    list->tail = n;
}

static struct sock_notice *remove_after(struct sock_notices *list, struct sock_notice *before)
{
    struct sock_notice *n = before ? before->next : list->head;

    if (before) {
        before->next = n->next;
    } else {
        list->head = n->next;
    }
    if (list->tail == n) {
        list->tail = before;
    }
    return n;
}

static void free_notice(struct weir_sock *s, struct sock_notice *n)
{
    sock_free_memory(s->space, n, sizeof(*n));
}

static bool joins(const struct sock_notice *last, const struct sock_notice *n)
{
    return last && last->report.origin == WEIR_SOCK_ORIGIN_ZEROCOPY &&
           last->report.code == n->report.code && last->report.data + 1 == n->report.info &&
           n->report.data - last->report.info != UINT32_MAX; /* a range of all numbers is none */
}

/* The pin behind `before` is complete. */
static void complete(struct weir_sock *s, struct sock_notice *before)
{
    struct sock_notice *n = remove_after(&s->pins, before);

    s->pin_count--;
    if (joins(s->reports.tail, n)) {
        s->reports.tail->report.data = n->report.data;
        free_notice(s, n);
    } else {
        append(&s->reports, n);
    }
}

int64_t sock_report_take(struct weir_sock *s, struct weir_sock_message *m)
{
    struct sock_notice *n;

    sock_pins_check(s);
    if (!s->reports.head) {
        return -WEIR_SOCK_EAGAIN;
    }
    n = remove_after(&s->reports, NULL);
    if (m->report) {
        *m->report = n->report;
    }
    m->flags = WEIR_MSG_ERRQUEUE;
    free_notice(s, n);
    return 0;
}

void sock_notices_del(struct weir_sock *s)
{
    while (s->pins.head) {
        free_notice(s, remove_after(&s->pins, NULL));
    }
    while (s->reports.head) {
        free_notice(s, remove_after(&s->reports, NULL));
    }
}

/* ---- Completion ----------------------------------------------------------------------------------------- */

void sock_pins_check(struct weir_sock *s)
{
    struct sock_notice *before = NULL, *n = s->pins.head, *next;
    struct weir_tcp_info info;
    bool over;

    if (!n) {
        return;
    }
    over = !sock_info(s, &info) || info.state == WEIR_TCP_CLOSED;
    for (; n; n = next) {
        next = n->next;
        if (n->references == 0 && (over || info.bytes_acked >= n->end)) {
            complete(s, before);
        } else {
            before = n;
        }
    }
}

static uint64_t cookie_of(const struct weir_sock *s, const struct sock_notice *n)
{
    return COOKIE_TAG | (uint64_t)s->slot << 32 | n->serial;
}

bool sock_released(struct weir_sock_space *space, uint64_t cookie, struct weir_sock **whose)
{
    uint32_t slot = (uint32_t)(cookie >> 32) & COOKIE_SLOT_MAX;
    struct weir_sock *s = slot < space->slot_count ? space->slots[slot].sock : NULL;
    struct sock_notice *before = NULL, *n = s ? s->pins.head : NULL;

    *whose = NULL;
    if (cookie >> 56 != COOKIE_TAG >> 56) {
        return false;
    }
    while (n && n->serial != (uint32_t)cookie) {
        before = n;
        n = n->next;
    }
    if (n && n->references && --n->references == 0) { /* else: its socket was closed */
        complete(s, before);
        *whose = s;
    }
    return true;
}

/* ---- Sending -------------------------------------------------------------------------------------------- */

/* All bytes ever given to the core. */
static uint64_t given(const struct weir_sock *s)
{
    struct weir_tcp_info info;

    (void)sock_info(s, &info);
    return info.bytes_acked + info.unacked_bytes + info.unsent_bytes - sock_syn_outstanding(&info);
}

/* As much as there is room for: the core takes a piece as a whole or not at all. */
static int64_t lend(struct weir_sock *s, const struct weir_sock_slice *slice, struct sock_notice *n,
                    uint64_t most)
{
    uint64_t limit = 0, size = min_u64(min_u64(slice->size, most), UINT32_MAX), used;
    struct weir_tcp_info info;
    int error;

    if (size == 0) {
        return 0;
    }
    (void)sock_info(s, &info);
    (void)weir_tcp_get(s->space->stack, s->handle, WEIR_OPT_SEND_BUFFER, &limit);
    used = (uint64_t)info.unacked_bytes + info.unsent_bytes;
    size = min_u64(size, limit > used ? limit - used : max_u64(limit, 1));
    error =
        weir_tcp_send_ref(s->space->stack, s->handle, slice->data, (uint32_t)size, cookie_of(s, n));
    if (error != WEIR_OK) {
        return sock_send_refused(s, error);
    }
    n->references++;
    s->write_blocked = size < slice->size;
    return (int64_t)size;
}

static int64_t lend_all(struct weir_sock *s, const struct weir_sock_message *m,
                        struct sock_notice *n, uint64_t most)
{
    int64_t total = 0;

    for (size_t i = 0; i < m->slice_count && (uint64_t)total < most; i++) {
        int64_t done = lend(s, &m->slices[i], n, most - (uint64_t)total);

        if (done < 0) {
            return total ? total : done;
        }
        total += done;
        if ((size_t)done < m->slices[i].size) {
            break;
        }
    }
    return total;
}

int64_t sock_send_pinned(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                         uint64_t most)
{
    /* what is urgent, or ends or continues a record, is told with bytes that are copied */
    bool copies = s->space->config.zerocopy_copies || s->slot > COOKIE_SLOT_MAX ||
                  (flags & (WEIR_MSG_OOB | WEIR_MSG_MORE | WEIR_MSG_EOR));
    struct sock_notice *n = s->pin_count < PINS_MAX ? sock_alloc(s->space, sizeof(*n)) : NULL;
    int64_t total;

    if (!n) {
        return -WEIR_SOCK_ENOBUFS;
    }
    n->serial = ++s->space->pin_serial;
    total =
        copies ? sock_send_copied(s, m, flags, min_u64(most, INT32_MAX)) : lend_all(s, m, n, most);
    if (total <= 0) {
        free_notice(s, n);
        return total;
    }
    n->report.origin = WEIR_SOCK_ORIGIN_ZEROCOPY;
    n->report.code = copies ? WEIR_SOCK_CODE_ZEROCOPY_COPIED : 0;
    n->report.info = n->report.data = s->zerocopy_next++;
    n->end = copies ? given(s) : 0;
    append(&s->pins, n);
    s->pin_count++;
    return total;
}
