/* messages_flows.h - the titles of the list of conversations, and how two captures fit together. */
#ifndef RENDER_MESSAGES_FLOWS_H
#define RENDER_MESSAGES_FLOWS_H

/* clang-format off */
#define MESSAGES_FLOWS(X)              \
    X(FLOWS_NUMBER, "conn", "连接")    \
    X(FLOWS_END, "end", "结束")        \
    X(FLOWS_TIME, "time s", "秒")      \
    X(FLOWS_BYTES, "bytes", "字节")    \
    X(FLOWS_SENT, "sent", "发送")      \
    X(FLOWS_RECEIVED, "recvd", "接收") \
    X(FLOWS_SEGMENTS, "segs", "段数")  \
    X(FLOWS_RETX, "rtx", "重传")       \
    X(FLOWS_RTT, "rtt", "往返")        \
    X(FLOWS_WORST, "worst", "最大问题") \
    X(MERGE_ONE_CLOCK, \
      "merged from two captures: {0} segments seen at both ends; their clocks agree within {1} ms", \
      "由两端抓包合并: {0} 段在两端都见到;两个时钟相差不超过 {1} 毫秒") \
    X(MERGE_OFFSET, \
      "merged from two captures: {0} segments seen at both ends; the server's clock is {2} ms ahead, " \
      "give or take {1} ms", \
      "由两端抓包合并: {0} 段在两端都见到;服务器时钟快 {2} 毫秒,误差约 {1} 毫秒") \
    X(MERGE_BEHIND, \
      "merged from two captures: {0} segments seen at both ends; the server's clock is {2} ms behind, " \
      "give or take {1} ms", \
      "由两端抓包合并: {0} 段在两端都见到;服务器时钟慢 {2} 毫秒,误差约 {1} 毫秒") \
    X(MERGE_DRIFT, "the server's clock gains {0} millionths of the time on the client's; its times are put right", \
      "服务器时钟比客户端每单位时间快百万分之 {0},时间已校正") \
    X(MERGE_NEGATIVE, "{0} segments would arrive before they left: the clocks do not run evenly", \
      "{0} 段会在发出之前到达:时钟走得不均匀") \
    X(MERGE_ONE_WAY, "only one direction is in both captures: the offset of the clocks is a guess", \
      "只有一个方向在两端都抓到:时钟差只是猜测") \
    X(MERGE_NOT_SENT, "{0} segments arrived and were not captured leaving", "{0} 段到达了,但没有抓到发出")
/* clang-format on */

#endif
