/* messages_demo.h - titles and stories of weir demo's scenes (part of messages.h's table). */
#ifndef RENDER_MESSAGES_DEMO_H
#define RENDER_MESSAGES_DEMO_H

/* clang-format off */
#define MESSAGES_DEMO(X) \
    X(DEMO_ARTICLE, "ten segments: open, ask, answer, close", "十个报文段:建立连接、请求、应答、关闭") \
    X(DEMO_ARTICLE_STORY, \
      "The handshake takes three segments. The answer carries the ACK of the question (5). Each side closes " \
      "its own direction: the server may still send after 8.", \
      "握手用三段。应答捎带对请求的确认(5)。双方各自关闭自己的方向:第 8 段之后服务器仍可发送。") \
    X(DEMO_REFUSED, "nobody listens on the port", "端口上没有进程监听") \
    X(DEMO_REFUSED_STORY, \
      "A SYN for a port without a listener is answered with RST: connection refused.", \
      "SYN 到达没有监听的端口,对方以 RST 应答:拒绝连接。") \
    X(DEMO_LOST_SEGMENT, "a segment is lost: timeout and retransmission", "报文段丢失:超时与重传") \
    X(DEMO_LOST_SEGMENT_STORY, \
      "The bytes stay in the send buffer until they are acknowledged. No ACK comes, the timer runs out, the " \
      "same bytes are sent again.", \
      "数据在得到确认之前一直留在发送缓冲区。没有等到 ACK,定时器超时,同样的数据再发一次。") \
    X(DEMO_LOST_ACK, "an ACK is lost: the data is sent again, and recognised", "ACK 丢失:数据重发,并被识别为重复") \
    X(DEMO_LOST_ACK_STORY, \
      "The sender cannot tell a lost ACK from lost data. The receiver sees by the sequence numbers that it has " \
      "these bytes already, and only acknowledges again.", \
      "发送方无法区分 ACK 丢失与数据丢失。接收方从序号看出这些数据已经收到,只再确认一次。") \
    X(DEMO_HALF_CLOSE, "half-close: one direction ends, the other goes on", "半关闭:一个方向结束,另一个方向继续") \
    X(DEMO_HALF_CLOSE_STORY, \
      "The client has nothing more to send and says so with FIN. It still receives until the server closes, " \
      "too.", \
      "客户端不再发送,以 FIN 告知;在服务器也关闭之前,它仍然接收。") \
    X(DEMO_THREE_SEGMENT_CLOSE, "a close in three segments: ACK and FIN together", "三段关闭:ACK 与 FIN 合为一段") \
    X(DEMO_THREE_SEGMENT_CLOSE_STORY, \
      "The server has nothing left to say and closes at once: its FIN rides on the ACK of the client's.", \
      "服务器已无话可说,立即关闭:它的 FIN 与对客户端 FIN 的确认合在一段。") \
    X(DEMO_SIMULTANEOUS_OPEN, "both sides open at once", "双方同时打开") \
    X(DEMO_SIMULTANEOUS_OPEN_STORY, \
      "Two SYNs cross. Each side answers with SYN, ACK, and one connection comes of it, not two.", \
      "两个 SYN 在途中交叉。双方各以 SYN, ACK 应答,结果是一个连接,而不是两个。") \
    X(DEMO_SIMULTANEOUS_CLOSE, "both sides close at once", "双方同时关闭") \
    X(DEMO_SIMULTANEOUS_CLOSE_STORY, \
      "Two FINs cross: both sides go through CLOSING, and both wait in TIME-WAIT.", \
      "两个 FIN 在途中交叉:双方都经过 CLOSING,也都在 TIME-WAIT 中等待。") \
    X(DEMO_ZERO_WINDOW, "the receiver does not read: the window closes", "接收方不读数据:窗口关闭") \
    X(DEMO_ZERO_WINDOW_STORY, \
      "The receive buffer is full and the window 0. The sender asks again and again, at doubling intervals, " \
      "until there is room.", \
      "接收缓冲区已满,窗口为 0。发送方以加倍的间隔反复探测,直到有空间。") \
    X(DEMO_KEEP_ALIVE, "silence: is the other side still there?", "长时间沉默:对方还在吗?") \
    X(DEMO_KEEP_ALIVE_STORY, \
      "Keep-alive is off unless the application asks for it. A probe repeats the number before the next one, " \
      "so that the peer must answer.", \
      "保活默认关闭,由应用程序打开。探测段使用下一个序号之前的号码,对方必须应答。") \
    X(DEMO_OUT_OF_ORDER, "a segment is overtaken: order by sequence numbers", "报文段被超过:按序号排序") \
    X(DEMO_OUT_OF_ORDER_STORY, \
      "Segment 6 arrives before 5. The receiver keeps it, says what it is still waiting for, and hands both on " \
      "in order. Nothing is sent again.", \
      "第 6 段先于第 5 段到达。接收方先把它留下,说明仍在等待什么,然后按顺序交付。没有重传。") \
    X(DEMO_FAST_RETRANSMIT, "three duplicate ACKs: fast retransmit", "三个重复 ACK:快速重传") \
    X(DEMO_FAST_RETRANSMIT_STORY, \
      "One of six segments is lost. Each later one provokes an ACK that asks for the same byte and reports by " \
      "SACK what did arrive: the sender repairs the hole without waiting for the timer.", \
      "六段中有一段丢失。其后每一段都引出一个要求同一字节的 ACK,并用 SACK 报告已收到的部分:发送方不等定时器就补上缺口。") \
    X(DEMO_RST_UNREAD_DATA, "closed with unread data: RST instead of FIN", "关闭时仍有未读数据:以 RST 代替 FIN") \
    X(DEMO_RST_UNREAD_DATA_STORY, \
      "The server read 10 of 3000 bytes and closed. Bytes that it acknowledged are lost, so the client must " \
      "not believe that all went well.", \
      "服务器只读了 3000 字节中的 10 字节就关闭。已确认的数据被丢弃,所以不能让客户端以为一切正常。")
/* clang-format on */

#endif
