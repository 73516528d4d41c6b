/*
 * rate.h - delivery rate samples (draft-ietf-ccwg-bbr, "Delivery Rate Samples"): how fast did data arrive
 * between the sending of a record and its acknowledgement?
 *
 * Each record keeps what was delivered and lost when it was sent; the ACK of the record that was sent last
 * turns that into one struct rate_sample, which lives as long as the ACK is handled (ack.h). Samples
 * that the application, not the path, has limited are marked.
 */
#ifndef TCP_RATE_H
#define TCP_RATE_H

#include "tcp/conn.h"

struct rate_sample {
    uint64_t rate;            /* bytes per second; 0: this ACK gave none */
    weir_time interval;       /* the longer of the times of sending and of acknowledging */
    weir_time prior_at;       /* when prior_delivered was reached */
    weir_time sent_at;        /* of the record the sample is from */
    weir_time send_elapsed;   /* between the first of the flight and this record */
    uint32_t delivered;       /* bytes in that interval */
    uint32_t prior_delivered; /* conn->delivered (its low half) when the record was sent */
    uint32_t prior_lost;      /* likewise, bytes marked lost */
    uint32_t tx_in_flight;    /* in flight when the record had been sent, itself included */
    uint32_t newly_acked;     /* bytes that this ACK delivered, cumulatively or by SACK */
    uint32_t lost_before;     /* bytes marked lost before this ACK */
    bool any, app_limited;
};

struct ack_info;

/* A record was sent (or sent again) and counts as in flight. */
void rate_on_send(struct tcp *t, struct tcp_conn *c, struct tx_record *r);
/* `size` bytes of a record, not known before, reached the peer. */
void rate_on_delivered(struct tcp_conn *c, const struct tx_record *r, uint32_t size,
                       struct ack_info *info);
/* A record was marked lost. What the device or a smaller MTU took away does not count. */
void rate_on_lost(struct tcp *t, struct tcp_conn *c, const struct tx_record *r,
                  enum weir_reason reason);
/* Everything that the ACK covers has been seen: completes info->rate. */
void rate_finish(struct tcp *t, struct tcp_conn *c, struct ack_info *info);

/* Could more be sent if the application had written more? To be asked before what it writes is queued;
 * rate_mark_app_limited then remembers it. */
bool rate_waits_for_app(const struct tcp_conn *c);
/* Samples are not to be trusted as a measure of the path until what is in flight now has arrived. */
void rate_mark_app_limited(struct tcp_conn *c);

/* The last sample that measured the path, or a lesser one's bound; bytes per second, 0: none yet. */
uint64_t rate_last(const struct tcp_conn *c);

/* size / time in bytes per second, without overflow; time is not 0. */
uint64_t rate_per_second(uint64_t size, weir_time time);

#endif
