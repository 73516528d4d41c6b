/* messages_page.h - what the HTML page says besides the sentences (part of messages.h's table). */
#ifndef RENDER_MESSAGES_PAGE_H
#define RENDER_MESSAGES_PAGE_H

/* clang-format off */
#define MESSAGES_PAGE(X) \
    X(PAGE_END_OPEN, "still open when the capture ended", "抓包结束时仍未关闭") \
    X(PAGE_END_FIN, "closed by both sides", "双方正常关闭") \
    X(PAGE_END_RST, "aborted with RST", "以 RST 中止") \
    X(PAGE_END_REFUSED, "refused", "被拒绝") \
    X(PAGE_END_TIMEOUT, "no answer to SYN", "SYN 没有应答") \
    X(EVIDENCE_BOTH_ENDS, "both ends were watched: this is known, not inferred", "两端都有记录:这是已知事实,不是推断") \
    X(EVIDENCE_NEVER_SEEN, "another copy of these bytes passed here, this one did not", "同样数据的另一份经过此处,这一份没有") \
    X(EVIDENCE_DSACK, "the receiver reports that it had these bytes already (D-SACK, RFC 2883)", "接收方报告这些数据早已收到(D-SACK,RFC 2883)") \
    X(EVIDENCE_EIFEL, "the ACK echoes the timestamp of the original (Eifel, RFC 3522)", "ACK 回显的是原报文的时间戳(Eifel,RFC 3522)") \
    X(EVIDENCE_EARLY_ACK, "acknowledged sooner than half the least round trip after it was sent", "发出后不到最小往返时间的一半就得到确认") \
    X(EVIDENCE_SACK, "SACK reports bytes above it and never these (RFC 2018)", "SACK 报告了其后的数据,却从未报告这些(RFC 2018)") \
    X(EVIDENCE_DUP_ACKS, "three duplicate ACKs (RFC 5681)", "三个重复 ACK(RFC 5681)") \
    X(EVIDENCE_TIMESTAMP, "its timestamp compared with those of its neighbours", "与相邻报文段比较时间戳") \
    X(EVIDENCE_IP_ID, "its IP identification compared with those of its neighbours", "与相邻报文段比较 IP 标识") \
    X(EVIDENCE_TIME, "the gap compared with the round trip: a heuristic", "与往返时间比较间隔:只是启发式判断") \
    X(EVIDENCE_SILENCE, "no answer for as long as the retransmission timeout", "在整个重传超时时间内没有应答") \
    X(EVIDENCE_ACKED, "these bytes had been acknowledged before this copy came", "这一份到来之前,这些数据已得到确认") \
    X(EVIDENCE_SEEN, "another copy passed here before, at the receiver, who had room for it", "另一份先前已经过接收方的这一抓包点,当时接收方有空间")
/* clang-format on */

#endif
