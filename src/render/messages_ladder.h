/* messages_ladder.h - folded runs, what a stack did inside, and causes (part of messages.h's table). */
#ifndef RENDER_MESSAGES_LADDER_H
#define RENDER_MESSAGES_LADDER_H

/* clang-format off */
#define MESSAGES_LADDER(X) \
    X(GAUGE_CWND, "congestion window", "拥塞窗口") \
    X(GAUGE_FLIGHT, "bytes in flight", "在途字节数") \
    X(GAUGE_WINDOW, "receive window", "接收窗口") \
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
