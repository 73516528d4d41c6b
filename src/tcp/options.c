/* options.c - see options.h. */
#include "tcp/options.h"

static int set_mss(uint16_t *field, uint64_t value, uint32_t least)
{
    *field = (uint16_t)value;
    return value >= least && value <= UINT16_MAX ? WEIR_OK : WEIR_EINVAL;
}

int option_apply_path(struct weir_tcp_options *o, enum weir_option option, uint64_t value)
{
    switch (option) {
    case WEIR_OPT_MTU_PROBING:
        o->mtu_probing = (uint8_t)value;
        return value <= WEIR_MTU_PROBING_ALWAYS ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_MTU_BASE_MSS: return set_mss(&o->mtu_base_mss, value, TCP_PROBE_MSS_MIN);
    case WEIR_OPT_MTU_PROBE_FLOOR: return set_mss(&o->mtu_probe_floor, value, TCP_PROBE_MSS_MIN);
    case WEIR_OPT_MTU_PROBE_THRESHOLD: return set_mss(&o->mtu_probe_threshold, value, 1);
    case WEIR_OPT_MTU_PROBE_INTERVAL: o->mtu_probe_interval = value; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_OPTION: o->user_timeout_option = value != 0; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_ADVERTISED: o->user_timeout_advertised = value; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_MIN:
        o->user_timeout_min = value;
        return value <= o->user_timeout_max ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_USER_TIMEOUT_MAX:
        o->user_timeout_max = value;
        return value && value >= o->user_timeout_min ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_RTO_MIN:
        o->rto_min = value;
        return tcp_rto_valid(o->rto_min, o->rto_max) ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_RTO_MAX:
        o->rto_max = value;
        return tcp_rto_valid(o->rto_min, o->rto_max) ? WEIR_OK : WEIR_EINVAL;
    case WEIR_OPT_SYN_LINEAR:
        o->syn_linear = (uint8_t)value;
        return value <= UINT8_MAX ? WEIR_OK : WEIR_EINVAL;
    default: return WEIR_ENOPROTOOPT;
    }
}

int option_read_path(const struct weir_tcp_options *o, enum weir_option option, uint64_t *value)
{
    switch (option) {
    case WEIR_OPT_MTU_PROBING: *value = o->mtu_probing; return WEIR_OK;
    case WEIR_OPT_MTU_BASE_MSS: *value = o->mtu_base_mss; return WEIR_OK;
    case WEIR_OPT_MTU_PROBE_FLOOR: *value = o->mtu_probe_floor; return WEIR_OK;
    case WEIR_OPT_MTU_PROBE_THRESHOLD: *value = o->mtu_probe_threshold; return WEIR_OK;
    case WEIR_OPT_MTU_PROBE_INTERVAL: *value = o->mtu_probe_interval; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_OPTION: *value = o->user_timeout_option; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_ADVERTISED: *value = o->user_timeout_advertised; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_MIN: *value = o->user_timeout_min; return WEIR_OK;
    case WEIR_OPT_USER_TIMEOUT_MAX: *value = o->user_timeout_max; return WEIR_OK;
    case WEIR_OPT_RTO_MIN: *value = o->rto_min; return WEIR_OK;
    case WEIR_OPT_RTO_MAX: *value = o->rto_max; return WEIR_OK;
    case WEIR_OPT_SYN_LINEAR: *value = o->syn_linear; return WEIR_OK;
    default: return WEIR_ENOPROTOOPT;
    }
}
