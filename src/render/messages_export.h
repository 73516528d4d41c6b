/* messages_export.h - what only the exported drawings say; see messages.h. */
#ifndef RENDER_MESSAGES_EXPORT_H
#define RENDER_MESSAGES_EXPORT_H

/* clang-format off */
#define MESSAGES_EXPORT(X) \
    X(SVG_TITLE, "TCP between {0} and {1}", "{0} 与 {1} 之间的 TCP") \
    X(SVG_DESC, "{0} segments in {1}", "{0} 段,历时 {1}") \
    X(SVG_SENT, "sent at {0} s", "{0} 秒发出") \
    X(SVG_ARRIVED, "arrived at {0} s", "{0} 秒到达") \
    X(SVG_ESTIMATED, "~: estimated", "~: 估计值") \
    X(SVG_LEFT_OUT, "not drawn: {0} of {1} segments, from number {2} on", "未画出: {1} 段中的 {0} 段, 从第 {2} 段起") \
    X(SVG_FINDINGS, "what was found", "发现") \
    X(PHASE_HANDSHAKE, "handshake", "建立连接") \
    X(PHASE_DATA, "data", "传送数据") \
    X(PHASE_CLOSE, "close", "关闭连接") \
    X(DIAGRAM_LEFT_OUT, "rows folded away here, for the diagram would be too long: {0}", "图过长, 此处折叠 {0} 行") \
    X(PLOT_SEQUENCE, \
      "sequence numbers: data blue, sent again red, lost orange, acknowledged green, window's end yellow, SACK purple", \
      "序号: 数据为蓝色, 重传为红色, 丢失为橙色, 确认为绿色, 窗口右边沿为黄色, SACK 为紫色") \
    X(PLOT_FLIGHT, "bytes in flight (green), congestion window where known (blue)", \
      "在途字节数(绿色), 已知时的拥塞窗口(蓝色)") \
    X(PLOT_RTT, "round trip: samples, smoothed (line), timeout (dashed)", "往返时间: 样本, 平滑值(实线), 超时(虚线)") \
    X(PLOT_WINDOW, "window that the receiver offers, bytes", "接收方给出的窗口, 字节") \
    X(SVG_MORE_FOUND, "and {0} more", "另有 {0} 项")
/* clang-format on */

#endif
