/* messages_live.h - what a ladder says while it grows (part of messages.h's table). */
#ifndef RENDER_MESSAGES_LIVE_H
#define RENDER_MESSAGES_LIVE_H

/* clang-format off */
#define MESSAGES_LIVE(X) \
    X(LIVE_LOST, "{0} #{1} was lost", "{0} #{1} 丢失了") \
    X(LIVE_LOST_BY, "{0} #{1} was lost; #{2} brought its bytes", "{0} #{1} 丢失了;#{2} 补上了它的数据") \
    X(LIVE_LOST_UNSEEN, "{0} bytes {3}-{4} were lost before they came here; #{2} brought them", \
      "{0} {3}-{4} 在到达此处之前丢失;#{2} 补上了") \
    X(LIVE_SPURIOUS, "{0} #{1} was not needed", "{0} #{1} 本不必重传") \
    X(LIVE_REORDERED, "{0} #{1} was only late, not sent again", "{0} #{1} 只是迟到,不是重传") \
    X(LIVE_RESENT, "{0} #{1} had been lost before this place, and was sent again", \
      "{0} #{1} 在到达此处之前丢失过,这是重传") \
    X(LIVE_NOT_CAPTURED, "{0} bytes {3}-{4} were acknowledged, but never seen here: the capture missed them", \
      "{0} {3}-{4} 已被确认,但此处从未看到:抓包遗漏了") \
    X(LIVE_ARRIVED, "{0} #{1} had arrived all the same", "{0} #{1} 其实已经到达") \
    X(LIVE_INFERRED, "inferred", "推断") \
    X(LIVE_OWNER_UNSEEN, "(gone before its process was seen)", "(在查到所属进程之前已结束)") \
    X(LIVE_END, "{0}: {1} segments, {2} {3} bytes, {4} s", \
      "{0}: {1} 段, {2} {3} 字节, {4} 秒") \
    X(LIVE_END_OPEN, "still open", "仍打开") \
    X(LIVE_END_FIN, "closed by both sides", "双方正常关闭") \
    X(LIVE_END_RST, "reset", "被重置") \
    X(LIVE_END_REFUSED, "refused", "被拒绝") \
    X(LIVE_END_TIMEOUT, "no answer", "无应答") \
    X(LIVE_OMITTED, "{0} {1} segments in {2} s not drawn ({3} with data, {4} ACKs, {5} others)", \
      "{0} {2} 秒内 {1} 段未画出({3} 段有数据, {4} 个 ACK, {5} 段其他)") \
    X(LIVE_DROPS, "{0} packets were dropped by the kernel: what follows has holes", \
      "内核丢弃了 {0} 个报文:以下内容有缺口")
/* clang-format on */

#endif
