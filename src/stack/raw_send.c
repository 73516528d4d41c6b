/* raw_send.c - what is particular about sending raw packets and echo requests; the way out is udp_send.c's. */
#include "stack/stack.h"
#include "wire/checksum.h"
#include "wire/icmp.h"

static int emit_payload(struct weir_stack *s, const struct udp_socket *u, const struct outgoing *o,
                        const void *data, uint32_t size, int32_t checksum_offset)
{
    const struct raw *r = pool_at(&s->udp.raws, u->raw);
    struct weir_buffer *b = ip_reply_buffer(&s->ip, size);
    bool v4 = ip_addr_is_v4(&o->dst);
    uint64_t sum = v4 ? 0 : csum_pseudo(&o->src, &o->dst, r->protocol, size);

    if (!b) {
        return WEIR_ENOBUFS;
    }
    b->size = size;
    buffer_copy_in(&s->env.buffers, b->data, data, size);
    if (r->ping) {
        store_be16(b->data + 4, u->local_port);
    }
    if (checksum_offset >= 0) {
        store_be16(b->data + checksum_offset, 0);
        csum_store(b->data + checksum_offset,
                   csum_finish(csum_sum(&s->env.config.ops, b->data, size, sum)));
    }
    udp_way_out(s, u, o, b, r->protocol);
    return WEIR_OK;
}

/* ---- Echo requests ------------------------------------------------------------------------------------- */

static int emit_ping(struct weir_stack *s, const struct udp_socket *u, const struct outgoing *o,
                     const void *data, uint32_t size)
{
    const uint8_t *p = data;
    uint8_t request = u->family == 4 ? ICMP4_ECHO : ICMP6_ECHO;

    if (size < ICMP_HEADER_SIZE || p[0] != request || p[1] != 0) {
        return WEIR_EINVAL;
    }
    return emit_payload(s, u, o, data, size, 2);
}

/* ---- With the IP header -------------------------------------------------------------------------------- */

static int finish4(struct weir_stack *s, const struct outgoing *o, uint8_t *p, uint32_t size)
{
    uint32_t header = (uint32_t)(p[0] & 15) * 4;

    if (p[0] >> 4 != 4 || header < IP4_HEADER_SIZE || header > size) {
        return WEIR_EINVAL;
    }
    store_be16(p + 2, (uint16_t)size);
    if (load_be16(p + 4) == 0) {
        store_be16(p + 4, s->ip.ip4_id++);
    }
    if (load_be32(p + 12) == 0) {
        memcpy(p + 12, o->src.b + 12, 4);
    }
    store_be16(p + 10, 0);
    csum_store(p + 10, csum_finish(csum_sum(&s->env.config.ops, p, header, 0)));
    return WEIR_OK;
}

static int emit_whole(struct weir_stack *s, const struct outgoing *o, const void *data,
                      uint32_t size)
{
    bool v4 = ip_addr_is_v4(&o->dst);
    struct weir_buffer *b;
    int error = WEIR_OK;

    if (size < (v4 ? IP4_HEADER_SIZE : IP6_HEADER_SIZE)) {
        return WEIR_EINVAL;
    }
    if (size > o->path.mtu) {
        return WEIR_EMSGSIZE;
    }
    b = ip_reply_buffer(&s->ip, size);
    if (!b) {
        return WEIR_ENOBUFS;
    }
    b->size = size;
    buffer_copy_in(&s->env.buffers, b->data, data, size);
    if (v4) {
        error = finish4(s, o, b->data, size);
    } else if (b->data[0] >> 4 != 6 || load_be16(b->data + 4) != size - IP6_HEADER_SIZE) {
        error = WEIR_EINVAL;
    }
    if (error != WEIR_OK) {
        buffer_unref(&s->env.buffers, b);
        return error;
    }
    output_queue(&s->ip, b, &o->dst, &o->path);
    return WEIR_OK;
}

int raw_emit(struct weir_stack *s, const struct udp_socket *u, struct outgoing *o, const void *data,
             uint32_t size)
{
    const struct raw *r = pool_at(&s->udp.raws, u->raw);

    if (r->ping) {
        return emit_ping(s, u, o, data, size);
    }
    if (r->header_included) {
        return emit_whole(s, o, data, size);
    }
    if (r->checksum_offset >= 0 && (uint32_t)r->checksum_offset + 2 > size) {
        return WEIR_EINVAL;
    }
    return emit_payload(s, u, o, data, size, r->checksum_offset);
}
