/*
 * run_conn.c - the connections of a script: which one a packet is about, and what its numbers mean.
 *
 * Numbers of a SYN are as they are; all others count from the SYNs. Our initial sequence number and our
 * timestamps are the stack's choice: the script's are put in their place.
 */
#include "drill/run_private.h"

struct run_conn *run_conn_new(struct run *run)
{
    struct run_conn *conn = run_get(run, sizeof(*conn));

    if (conn) {
        conn->next = run->conns;
        run->conns = conn;
        run->conn = conn;
    }
    return conn;
}

void run_conn_connects(struct run_conn *conn)
{
    if (conn->state == CONN_NEW) {
        conn->state = CONN_CONNECTING;
        conn->remote_port = RUN_PORT;
        conn->local_port = 0;
    }
}

struct run_conn *run_conn_by_port(struct run *run, uint16_t remote_port)
{
    struct run_conn *conn = run->conns;

    while (conn && conn->remote_port != remote_port) {
        conn = conn->next;
    }
    return conn;
}

/* ---- Which connection ------------------------------------------------------------------------------------ */

/* A packet for a listener opens a connection: the next packets are about that. */
static struct run_conn *passive(struct run *run, const struct drill_packet *packet)
{
    struct run_conn *conn = run_conn_new(run);

    if (conn) {
        conn->state = CONN_SYN_RECEIVED;
        conn->local_port = RUN_PORT;
        conn->remote_port = run->next_peer_port++;
        conn->remote_isn = packet->tcp.seq.start;
    }
    return conn;
}

static bool opens_actively(const struct run_conn *conn, const struct drill_packet *packet)
{
    return conn && conn->state == CONN_CONNECTING && packet->direction == DRILL_OUT &&
           (packet->tcp.flags & (DRILL_SYN | DRILL_ACK)) == DRILL_SYN;
}

struct run_conn *run_conn_for(struct run *run, const struct drill_packet *packet)
{
    struct run_conn *conn = run->conn;
    struct run_fd *fd;

    if (packet->socket_said) {
        fd = run_fd_find(run, packet->socket);
        conn = fd ? fd->conn : NULL;
    } else if (packet->kind == DRILL_PACKET_TCP && packet->direction == DRILL_IN &&
               (!conn || conn->state == CONN_LISTENING)) {
        return passive(run, packet);
    }
    if (!conn) {
        run_broken(run, run->event->pos, "there is no connection that this packet is about");
        return NULL;
    }
    if (packet->kind == DRILL_PACKET_TCP && opens_actively(conn, packet)) {
        conn->state = CONN_SYN_SENT;
        conn->script_isn = packet->tcp.seq.start;
    }
    return conn;
}

/* ---- Timestamps ------------------------------------------------------------------------------------------ */

void run_stamp_set(struct run *run, struct run_conn *conn, uint32_t script, uint32_t live)
{
    for (size_t i = 0; i < conn->stamp_count; i++) {
        if (conn->stamps[i].script == script) {
            conn->stamps[i].live = live;
            return;
        }
    }
    if (conn->stamp_count == conn->stamp_room) {
        size_t room = conn->stamp_room ? conn->stamp_room * 2 : 16;
        struct run_stamp *stamps = run_get(run, room * sizeof(stamps[0]));

        if (!stamps) {
            return;
        }
        if (conn->stamp_count) {
            memcpy(stamps, conn->stamps, conn->stamp_count * sizeof(stamps[0]));
        }
        conn->stamps = stamps;
        conn->stamp_room = room;
    }
    conn->stamps[conn->stamp_count++] = (struct run_stamp){.script = script, .live = live};
}

const struct run_stamp *run_stamp_find(const struct run_conn *conn, uint32_t script)
{
    for (size_t i = 0; i < conn->stamp_count; i++) {
        if (conn->stamps[i].script == script) {
            return &conn->stamps[i];
        }
    }
    return NULL;
}

/* ---- Payload --------------------------------------------------------------------------------------------- */

/* Two bytes next to each other differ, and so do bytes a segment or a window apart. */
uint8_t run_pattern(uint64_t position)
{
    uint32_t x = (uint32_t)position * 2654435761u;

    return (uint8_t)(x >> 24 ^ position);
}
