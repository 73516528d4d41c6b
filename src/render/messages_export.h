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
    X(EXPORT_COST, "cost {0}", "耗时 {0}")
/* clang-format on */

#endif
