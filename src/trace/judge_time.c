/*
 * judge_time.c - what a sender's timers are likely to be: RFC 6298's model, with the least timeout that
 * Linux uses until the conversation itself shows another one.
 */
#include "trace/judge_private.h"

#define RTO_INITIAL_US 1000000

void judge_time_sample(struct stream *data, uint32_t rtt_us)
{
    if (data->min_rtt_us == 0 || rtt_us < data->min_rtt_us) {
        data->min_rtt_us = rtt_us;
    }
    if (data->srtt_us == 0) {
        data->srtt_us = rtt_us;
        data->rttvar_us = rtt_us / 2;
        return;
    }
    uint32_t error = rtt_us > data->srtt_us ? rtt_us - data->srtt_us : data->srtt_us - rtt_us;
    data->rttvar_us = (uint32_t)((3 * (uint64_t)data->rttvar_us + error) / 4);
    data->srtt_us = (uint32_t)MAX((7 * (uint64_t)data->srtt_us + rtt_us) / 8, 1);
}

uint32_t judge_time_rto(const struct stream *data)
{
    uint32_t floor = data->rto_floor_us == 0 ? RTO_FLOOR_US : data->rto_floor_us;

    if (data->srtt_us == 0) {
        return RTO_INITIAL_US;
    }
    return (uint32_t)MIN((uint64_t)data->srtt_us + MAX(4 * (uint64_t)data->rttvar_us, floor),
                         UINT32_MAX);
}
