/* messages_ladder.h - folded runs, what a stack did inside, and causes (part of messages.h's table). */
#ifndef RENDER_MESSAGES_LADDER_H
#define RENDER_MESSAGES_LADDER_H

/* clang-format off */
#define MESSAGES_LADDER(X) \
    X(GAUGE_CWND, "congestion window", "拥塞窗口") \
    X(GAUGE_FLIGHT, "bytes in flight", "在途字节数") \
    X(GAUGE_WINDOW, "receive window", "接收窗口") \
    X(RETX_FAST, "the bytes of segment {0} again: three duplicate ACKs asked for them", \
      "重传第 {0} 段的数据:三个重复 ACK 要求重发") \
    X(RETX_RACK, "the bytes of segment {0} again: later ones have arrived (RACK)", \
      "重传第 {0} 段的数据:后发的数据已到(RACK)") \
    X(RETX_TLP, "the bytes of segment {0} again, to provoke an ACK (tail loss probe)", \
      "重传第 {0} 段的数据,以引出 ACK(尾部丢失探测)") \
    X(RETX_RTO, "no ACK before the timeout: the bytes of segment {0} again", "超时仍无 ACK:重传第 {0} 段的数据") \
    X(RETX_RTO_TRY, "no ACK again: the bytes of segment {0}, try {1}", "仍无 ACK:再次重传第 {0} 段的数据,第 {1} 次") \
    X(RETX_AFTER_RTO, "the bytes of segment {0} again, after the timeout", \
      "超时之后重传第 {0} 段的数据") \
    X(RETX_NEEDLESS, "the bytes of segment {0} again, needlessly: {1}", "无谓地重传第 {0} 段的数据:{1}") \
    X(EVIDENCE_ARRIVED, "the first copy had arrived", "第一份已经到达") \
    X(DATA_TLP, "tail loss probe: new data sent only to provoke an ACK", "尾部丢失探测:发送新数据只为引出 ACK") \
    X(MISSED, "did not reach the {0}, as segment {1} shows, which brought these bytes", \
      "没有到达{0}:由第 {1} 段补上,可见丢失") \
    X(MISSED_FOR_GOOD, "did not reach the {0}, as far as can be seen", "看来没有到达{0}") \
    X(NOTE_FIRED, "{0} timer fired{1}", "{0} 定时器到时{1}") \
    X(NOTE_NEXT, "next in {0}", "下次 {0} 后") \
    X(NOTE_LOST, "{0} marked lost ({1})", "{0} 标记为丢失({1})") \
    X(NOTE_LOST_MANY, "{0} marked lost: {1} segments ({2})", "{0} 标记为丢失:{1} 段({2})") \
    X(NOTE_DROPPED, "dropped: {0}", "丢弃: {0}") \
    X(NOTE_UNDONE, "it was needless: undone", "无谓重传:撤销") \
    X(IDLE_RTO_AGAIN, "timeout doubled", "超时加倍") \
    X(FOLD_DATA, "{1} bytes in {0} segments, nothing missing", "{0} 段共 {1} 字节,没有缺失") \
    X(FOLD_DATA_ACKS, "{1} bytes in {0} segments, nothing missing; ACKs meanwhile: {2}", \
      "{0} 段共 {1} 字节,没有缺失;其间 ACK 数: {2}") \
    X(FOLD_DUP_ACKS, "still waiting for {0}: duplicate ACKs {1} to {2}", "仍在等 {0}:第 {1} 至 {2} 个重复 ACK") \
    X(FOLD_DUP_ACKS_DATA, "still waiting for {0}: duplicate ACKs {1} to {2}; they let {3} segments out", \
      "仍在等 {0}:第 {1} 至 {2} 个重复 ACK,其间又发出 {3} 段") \
    X(FOLD_OMITTED, "{0} segments not shown: {1}-{2}", "未显示 {0} 段: {1}-{2}") \
    X(FOLD_OMITTED_ONE, "1 segment not shown: {1}", "未显示 1 段: {1}")
/* clang-format on */

#endif
