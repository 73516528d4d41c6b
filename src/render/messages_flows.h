/* messages_flows.h - the titles of the list of conversations. */
#ifndef RENDER_MESSAGES_FLOWS_H
#define RENDER_MESSAGES_FLOWS_H

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
    X(FLOWS_WORST, "worst", "最大问题")

#endif
