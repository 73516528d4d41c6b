/*
 * messages_finding.h - the sentences for findings, advice, and the report around them (part of messages.h's
 * table). What the placeholders stand for, the table in findings.c says. _N: happened more than once.
 */
#ifndef RENDER_MESSAGES_FINDING_H
#define RENDER_MESSAGES_FINDING_H

/* clang-format off */
#define MESSAGES_FINDING(X) \
    X(F_REFUSED, "Nobody listens on port {0}: the host answered with RST.", \
      "对方主机没有进程监听 {0} 端口,以 RST 应答。") \
    X(F_FILTERED, "The SYN to port {0} was answered by an ICMP error: a filter, or no way to the host.", \
      "到 {0} 端口的 SYN 得到 ICMP 差错应答:被过滤,或主机不可达。") \
    X(F_SYN_TIMEOUT, "{0} SYNs to port {1} within {2}, and never an answer: the host is down, or a filter drops them.", \
      "在 {2} 内向 {1} 端口发出 {0} 个 SYN,始终无应答:主机不在线,或被过滤丢弃。") \
    X(F_SYN_RETX, "The SYN of the {0} got no answer; sent again after {1}.", \
      "{0}的 SYN 无应答,{1} 后重发。") \
    X(F_SYN_RETX_N, "The SYN of the {0} got no answer; sent again {2} times, {1} lost.", \
      "{0}的 SYN 无应答,重发 {2} 次,损失 {1}。") \
    X(F_SIMULTANEOUS_OPEN, "Both sides opened at once (rare, legal).", "双方同时打开(少见,但合法)。") \
    X(F_SIMULTANEOUS_CLOSE, "Both sides closed at once: their FINs crossed (legal).", \
      "双方同时关闭:两个 FIN 在途中交叉(合法)。") \
    X(F_THREE_SEG_CLOSE, "The {0} had nothing left to send: ACK and FIN share segment {1}, so the close took 3 segments.", \
      "{0}已无数据,ACK 与 FIN 合在第 {1} 段,关闭只用 3 段。") \
    X(F_HALF_CLOSE, "The {0} finished sending; the {1} used its half for {2} more ({3} bytes).", \
      "{0}半关闭后,{1}又发送了 {2}({3} 字节)。") \
    X(F_NO_PIGGYBACK, "Quick ACK: the ACK of the {0} left {1} before its data, so nothing was piggybacked: one segment more than needed.", \
      "立即确认:{0}的 ACK 比数据早 {1} 发出,未能捎带,多用 1 段。") \
    X(F_NO_PIGGYBACK_N, "Quick ACKs: {2} times the ACK of the {0} left just before its data, so nothing was piggybacked.", \
      "立即确认:{0}有 {2} 次 ACK 刚好先于数据发出,未能捎带。") \
    X(F_RST_ABORT, "The {0} aborted with RST: it closed with unread data, or SO_LINGER was 0; the wire cannot tell.", \
      "{0}以 RST 中止:可能是关闭时仍有未读数据,也可能设置了 SO_LINGER 0,报文无法区分。") \
    X(F_RST_ABORT_EMPTY, "The {0} aborted with RST: SO_LINGER was 0, or the like; it had received nothing that could be unread.", \
      "{0}以 RST 中止:可能设置了 SO_LINGER 0;它没有收到过数据,不存在未读数据。") \
    X(F_RST_ABORT_FLIGHT, "The {0} aborted with RST while {1} bytes for it were on their way.", \
      "{0}以 RST 中止,当时还有 {1} 字节正在途中。") \
    X(F_RST_LATE_DATA, "{1} bytes reached the {0} after its application had closed: answered with RST.", \
      "{0}的应用关闭之后又收到 {1} 字节数据,以 RST 应答。") \
    X(F_RST_UNKNOWN, "The {0} does not know this connection: it answered {1} bytes of data with RST.", \
      "{0}不认识这个连接:收到 {1} 字节数据后以 RST 应答。") \
    X(F_RST_SUSPECT, "The RST of the {0} may come from a middlebox: its TTL is {1}, that of the others {2}.", \
      "{0}的 RST 可能由中间设备伪造:它的 TTL 是 {1},其他报文是 {2}。") \
    X(F_RST_SUSPECT_LIFE, "The RST of the {0} may come from a middlebox: data of the {0} continues after it.", \
      "{0}的 RST 可能由中间设备伪造:此后{0}仍在发送数据。") \
    X(F_NAGLE_DELACK, "Write-write-read: Nagle's algorithm at the {0} waited for an ACK that the {1} delayed by {2}.", \
      "连写两次再读:{0}的 Nagle 算法等待 ACK,而{1}延迟确认 {2}。") \
    X(F_NAGLE_DELACK_N, "Write-write-read: Nagle's algorithm at the {0} waited for ACKs that the {1} delayed by up to {2}; {3} times, {4} lost.", \
      "连写两次再读:{0}的 Nagle 算法等待 ACK,而{1}延迟确认,最长 {2};共 {3} 次,损失 {4}。") \
    X(F_DELAYED_ACK, "The {0} delayed an ACK by {1}.", "{0}延迟确认 {1}。") \
    X(F_DELAYED_ACK_N, "The {0} delayed {2} ACKs, by up to {1}.", "{0}延迟确认 {2} 次,最长 {1}。") \
    X(F_ZERO_WINDOW, "The receive buffer of the {0} was full for {1} (probes: {2}): its application did not read.", \
      "{0}的接收窗口为 0 持续 {1}({2} 次探测):应用程序没有读取。") \
    X(F_ZERO_WINDOW_N, "The receive buffer of the {0} was full {3} times, for {1} in all (probes: {2}): its application did not read.", \
      "{0}的接收窗口 {3} 次为 0,共 {1}({2} 次探测):应用程序没有读取。") \
    X(F_ZERO_WINDOW_END, "The receive buffer of the {0} was full for {1} (probes: {2}), to the end: its application did not read.", \
      "{0}的接收窗口为 0 持续 {1}({2} 次探测),直到结束:应用程序没有读取。") \
    X(F_WINDOW_LIMITED, "{0} % of the transfer was limited by the receive window of the {1} (at most {2} bytes).", \
      "传输时间的 {0} % 受{1}的接收窗口限制(最大 {2} 字节)。") \
    X(F_CWND_LIMITED, "{0} % of the transfer was limited by the congestion window of the {1}.", \
      "传输时间的 {0} % 受{1}的拥塞窗口限制。") \
    X(F_APP_LIMITED, "{0} % of the transfer the application of the {1} had nothing to send.", \
      "传输时间的 {0} % 是{1}的应用程序没有数据可发。") \
    X(F_SWS, "Silly window: {0} small window updates of the {1}, {2} bytes and the like; less than {3} is not worth a segment.", \
      "糊涂窗口:{1}的 {0} 次小窗口更新,每次约 {2} 字节,不足 {3} 字节不值得通告。") \
    X(F_FAST_RETX, "Segment {0} of the {1} was lost; duplicate ACKs told, and it was sent again as {2} (fast retransmit).", \
      "{1}的第 {0} 段丢失,重复 ACK 触发快速重传(第 {2} 段)。") \
    X(F_FAST_RETX_N, "{0} segments of the {1} were lost and sent again on duplicate ACKs (fast retransmit).", \
      "{1}有 {0} 段丢失,由重复 ACK 触发快速重传。") \
    X(F_LOST_BEFORE, "A segment of the {1} was lost before it could pass here; segment {2} brought its bytes again.", \
      "{1}有一段在到达抓包点之前丢失,第 {2} 段重新带来了这些数据。") \
    X(F_RTO, "The {0} waited {1} in vain for an ACK and sent again: retransmission timeout.", \
      "{0}等待 ACK {1} 无果,超时重传。") \
    X(F_RTO_N, "{2} retransmission timeouts of the {0}, up to {1} each: {3} lost.", \
      "{0}超时重传 {2} 次,最长 {1},共损失 {3}。") \
    X(F_TLP, "No ACK for {1}: the {0} sent a tail loss probe.", "{1} 没有 ACK:{0}发出尾部丢失探测。") \
    X(F_TLP_N, "{2} tail loss probes of the {0}.", "{0}发出 {2} 次尾部丢失探测。") \
    X(F_RACK, "Segment {0} of the {1} was found lost by time (RACK) and sent again as {2}.", \
      "{1}的第 {0} 段按时间判定丢失(RACK),重传为第 {2} 段。") \
    X(F_RACK_N, "{0} segments of the {1} were found lost by time (RACK) and sent again.", \
      "{1}有 {0} 段按时间判定丢失(RACK)并重传。") \
    X(F_RTO_BACKOFF, "The same bytes of the {0} timed out {1} times in a row; the timeout grew to {2}.", \
      "{0}的同一数据连续超时 {1} 次,超时时间增至 {2}。") \
    X(F_SPURIOUS, "Segment {0} of the {1} was a needless retransmission: {2}.", "{1}的第 {0} 段是无谓重传:{2}。") \
    X(F_SPURIOUS_N, "{0} retransmissions of the {1} were needless: {2}.", "{1}有 {0} 次无谓重传:{2}。") \
    X(F_REORDERED, "Segment {0} of the {1} was overtaken on the way; not lost.", "{1}的第 {0} 段乱序到达,并未丢失。") \
    X(F_REORDERED_N, "{0} segments of the {1} were overtaken on the way; not lost.", "{1}有 {0} 段乱序到达,并未丢失。") \
    X(F_DUPLICATED, "The network made a copy of segment {0} of the {1}: not a retransmission.", \
      "网络复制了{1}的第 {0} 段:并非重传。") \
    X(F_DUPLICATED_N, "The network made {0} copies of segments of the {1}: not retransmissions.", \
      "网络复制了{1}的 {0} 段:并非重传。") \
    X(F_MSS_EXCEEDED, "The {0} announced MSS {1}, segment {2} carries {3} bytes.", \
      "{0}声明 MSS {1},第 {2} 段却携带 {3} 字节。") \
    X(F_MSS_CLAMPED, "A middlebox changed the MSS of the {0}: {1} -> {2}.", "中间设备修改了{0}的 MSS:{1} -> {2}。") \
    X(F_PMTU_BLACKHOLE, "Only large segments of the {0} vanish ({1} bytes, {2} tries), and no ICMP tells why: a path MTU black hole.", \
      "只有{0}的大段丢失({1} 字节,试了 {2} 次),也没有 ICMP 通知:疑似 PMTU 黑洞。") \
    X(F_WINDOW_VIOLATION, "The {0} sent {1} bytes beyond the window.", "{0}超出接收窗口发送 {1} 字节。") \
    X(F_WINDOW_SHRUNK, "The {0} shrank its window by {1} bytes (RFC 9293 3.8.6: SHOULD NOT).", \
      "{0}的窗口右边沿后退 {1} 字节(RFC 9293 3.8.6:不应如此)。") \
    X(F_ACK_UNSENT, "The {0} acknowledged {1} bytes that were never sent.", "{0}确认了 {1} 字节从未发送的数据。") \
    X(F_ACK_OLD, "The {0} acknowledged {1} bytes less than before: an old ACK.", "{0}的 ACK 比先前少 {1} 字节:旧的确认。") \
    X(F_ACK_OLD_N, "{2} times the {0} acknowledged less than before (last by {1} bytes): old ACKs.", \
      "{0}有 {2} 次确认比先前少(最近一次少 {1} 字节):旧的确认。") \
    X(F_CHALLENGE_ACK, "The {0} answered a suspicious segment with a challenge ACK (RFC 5961).", \
      "{0}以质询 ACK 回答可疑报文(RFC 5961)。") \
    X(F_CHALLENGE_ACK_N, "The {0} answered {1} suspicious segments with challenge ACKs (RFC 5961).", \
      "{0}以质询 ACK 回答了 {1} 个可疑报文(RFC 5961)。") \
    X(F_ISN_REUSE, "The {0} opens a new connection with sequence numbers of the old one.", \
      "{0}用旧连接的序号打开新连接。") \
    X(F_PAWS_DROP, "A timestamp of the {0} went back by {1}: the other side drops that segment (PAWS, RFC 7323).", \
      "{0}的时间戳倒退 {1}:对方将丢弃该段(PAWS,RFC 7323)。") \
    X(F_BAD_CHECKSUM, "A segment of the {0} has a wrong TCP checksum: damaged on the way.", \
      "{0}的一个报文段 TCP 校验和错误:途中损坏。") \
    X(F_BAD_CHECKSUM_N, "{1} segments of the {0} have a wrong TCP checksum: damaged on the way.", \
      "{0}有 {1} 段 TCP 校验和错误:途中损坏。") \
    X(F_CHECKSUM_OFFLOAD, "{0} segments were captured before the network card filled in their checksums (offload): not an error.", \
      "{0} 段在网卡填写校验和之前被抓取(offload):不是错误。") \
    X(F_BAD_OPTION_LEN, "Segment {1} of the {0} has a TCP option of impossible length.", \
      "{0}的第 {1} 段有一个长度不可能的 TCP 选项。") \
    X(F_URG_USED, "The {0} sent urgent data (URG): new programs should not (RFC 6093).", \
      "{0}发送了紧急数据(URG):新程序不应使用(RFC 6093)。") \
    X(F_KEEPALIVE, "The {0} asked whether its peer is still there (keep-alive probe).", "{0}发出 1 次保活探测。") \
    X(F_KEEPALIVE_N, "The {0} asked {1} times whether its peer is still there (keep-alive probes).", \
      "{0}发出 {1} 次保活探测。") \
    X(F_ECN_CE, "A router on the way marked {1} segments of the {0}: congestion (ECN CE).", \
      "途中路由器标记了{0}的 {1} 段:拥塞(ECN CE)。") \
    X(F_ECN_ECE, "Congestion marks on segments of the {0} were reported back (ECE, {1} times).", \
      "对方报告{0}的报文带有拥塞标记(ECE,{1} 次)。") \
    X(F_TFO, "TCP Fast Open: the SYN of the {0} carries {1} bytes.", "TCP Fast Open:{0}的 SYN 携带 {1} 字节。") \
    X(F_TFO_COOKIE, "TCP Fast Open: the {0} asks for a cookie or shows one.", "TCP Fast Open:{0}请求或出示 cookie。") \
    X(F_TIME_WAIT_REUSE, "The {0} uses the same ports again {1} after the last connection (TIME-WAIT).", \
      "{0}在上一连接结束 {1} 后重用相同端口(TIME-WAIT)。") \
    X(F_CONFORM_ACK, "RFC 5681 4.2: an ACK SHOULD cover at least every second full-sized segment; those of the {0} cover {1}.", \
      "RFC 5681 4.2:至少每两个满长段应有一个 ACK;{0}每 {1} 段才确认一次。") \
    X(F_CONFORM_RTO, "RFC 6298 2.1: the first timeout SHOULD be 1 second; that of the {0} was {1}.", \
      "RFC 6298 2.1:首次超时应为 1 秒;{0}的是 {1}。") \
    X(F_CONFORM_IW, "RFC 6928 2: the initial window is 10 segments; the {0} sent {1} bytes at once (MSS {2}).", \
      "RFC 6928 2:初始窗口为 10 段;{0}一次发送了 {1} 字节(MSS {2})。") \
    X(F_CONFORM_BACKOFF, "RFC 6298 5.5: a timeout MUST double; that of the {0} went from {1} to {2}.", \
      "RFC 6298 5.5:超时必须加倍;{0}的从 {1} 变为 {2}。") \
    X(F_CONFORM_OUT_OF_ORDER, "RFC 5681 4.2: out-of-order data SHOULD be acknowledged at once; the {0} took {1}.", \
      "RFC 5681 4.2:乱序数据应立即确认;{0}用了 {1}。") \
    X(F_LIMIT_CUT, "The capture cut packets: options are missing, and what they say is not known.", \
      "抓包截断了报文:缺少选项,其内容未知。") \
    X(F_LIMIT_ONE_WAY, "Only one direction was captured: nothing is known of the answers.", \
      "只抓到一个方向:无法得知对方的应答。") \
    X(F_LIMIT_MID, "The capture began in the middle: window scale, options and earlier losses are not known.", \
      "抓包从连接中途开始:窗口扩大因子、选项和此前的丢失未知。") \
    X(F_LIMIT_CLOCK, "The clock of the capture went backwards (by {0}): times are not reliable.", \
      "抓包时钟倒退({0}):时间不可靠。") \
    X(F_LIMIT_TWICE, "Every packet was captured twice: copies say nothing about the network.", \
      "每个报文都被抓了两次:副本不能说明网络的情况。") \
    X(F_LIMIT_MISSED, "The capture lacks {0} bytes that were sent and acknowledged: it lost packets.", \
      "抓包缺少 {0} 字节已发送并被确认的数据:抓包丢失了报文。") \
    X(F_LIMIT_DROPPED, "The capturing system dropped {0} packets: what is missing here may have been sent.", \
      "抓包系统丢弃了 {0} 个报文:此处缺少的报文可能确实发送过。") \
    /* why a retransmission was needless */ \
    X(WHY_DSACK, "the receiver says that it had the bytes already (D-SACK)", "接收方报告早已收到这些数据(D-SACK)") \
    X(WHY_EIFEL, "the ACK echoes the timestamp of the original (Eifel)", "ACK 回显的是原报文的时间戳(Eifel)") \
    X(WHY_EARLY_ACK, "the ACK came too soon to be its answer", "ACK 来得太早,不可能是对它的应答") \
    X(WHY_BOTH_ENDS, "both copies arrived", "两份都到达了") \
    X(WHY_SEEN, "what was seen later shows it", "后来的报文表明如此") \
    /* what to do */ \
    X(ADVICE, "advice: {0}", "建议: {0}") \
    X(ADVICE_NAGLE, "TCP_NODELAY, or one write() instead of two", "设置 TCP_NODELAY,或把两次 write() 合为一次") \
    X(ADVICE_REFUSED, "is the server running, and on this port?", "服务器是否已启动,端口是否正确?") \
    X(ADVICE_FILTERED, "look at the filters on the way to that port", "检查通往该端口的过滤规则") \
    X(ADVICE_READ, "the receiving application should read sooner or have a larger buffer", \
      "接收方应用应更快读取,或使用更大的缓冲区") \
    X(ADVICE_RCVBUF, "a larger receive buffer at the {0} (do not set SO_RCVBUF, or set it higher)", \
      "增大{0}的接收缓冲区(不要设置 SO_RCVBUF,或设得更大)") \
    X(ADVICE_CLOSE, "read to the end, or shutdown(SHUT_WR) first, then close()", \
      "先读完数据,或先 shutdown(SHUT_WR),再 close()") \
    X(ADVICE_PMTU, "let ICMP through, clamp the MSS, or probe for the MTU (RFC 4821)", \
      "放行 ICMP,限制 MSS,或启用 MTU 探测(RFC 4821)") \
    X(ADVICE_SACK, "a loss at the end of the data waits for a timer: more data, TLP or RACK would find it sooner", \
      "末尾数据丢失只能等定时器:更多数据、TLP 或 RACK 能更早发现") \
    X(ADVICE_TWICE, "capture on one interface only", "只在一个接口上抓包") \
    /* the report */ \
    X(END_OPEN, "not finished when the capture ended", "抓包结束时尚未关闭") \
    X(END_FIN, "closed by both sides", "双方正常关闭") \
    X(END_RST, "aborted by RST", "以 RST 中止") \
    X(END_REFUSED, "refused", "被拒绝") \
    X(END_TIMEOUT, "never answered", "始终无应答") \
    X(VERDICT, "verdict: {0}", "结论: {0}") \
    X(VERDICT_COST, "{0} of {1} ({2} %) lost. {3}", "{1} 中损失 {0}({2} %)。{3}") \
    X(VERDICT_GOOD, "Nothing to complain about.", "一切正常。") \
    X(VERDICT_RST, "The connection was aborted by RST, for no reason that this capture shows.", \
      "连接以 RST 中止,从抓包看不出原因。") \
    X(OUTCOME, "outcome: {0}; {1} segments in {2}", "结果: {0}; {1} 段, 历时 {2}") \
    X(BYTES, "bytes: {0} from the client, {1} from the server", "字节: 客户端发送 {0}, 服务器发送 {1}") \
    X(TIME_SPENT, "time: {0}", "时间: {0}") \
    X(PART_HANDSHAKE, "handshake", "握手") \
    X(PART_DATA, "data", "数据") \
    X(PART_RTO, "timeouts", "超时等待") \
    X(PART_ZERO_WINDOW, "zero window", "零窗口") \
    X(PART_DELAYED_ACK, "delayed ACKs", "等待延迟确认") \
    X(PART_APPLICATION, "applications", "应用程序") \
    X(PART_CLOSE, "close", "关闭") \
    X(SENT_AGAIN, "sent again: {0} ({1})", "重传: {0} 段({1})") \
    X(SENT_AGAIN_NONE, "sent again: nothing", "重传: 无") \
    X(KIND_SYN, "SYN {0}", "SYN {0}") \
    X(KIND_FAST, "fast {0}", "快速重传 {0}") \
    X(KIND_RTO, "timeout {0}", "超时 {0}") \
    X(KIND_TLP, "tail loss probe {0}", "尾部丢失探测 {0}") \
    X(KIND_RACK, "RACK {0}", "RACK {0}") \
    X(KIND_UNKNOWN, "unknown {0}", "未知 {0}") \
    X(KIND_NEEDLESS, "needless {0}", "其中无谓 {0}") \
    X(FOUND, "found: {0}", "发现: {0}") \
    X(FOUND_WHERE, "segments {0}", "第 {0} 段") \
    X(FOUND_FRAMES, "frames {0}", "报文 {0}") \
    X(FOUND_COST, "cost {0} s", "耗时 {0} 秒") \
    X(FOUND_SURE, "{0} % sure", "可信度 {0} %") \
    X(FOUND_AND_MORE, "{0} and more", "{0} 等") \
    X(FOUND_REST, "and {0} more: weir explain tells all", "另有 {0} 项: weir explain 列出全部") \
    X(SEVERITY_ERROR, "error", "错误") \
    X(SEVERITY_WARN, "warning", "警告") \
    X(SEVERITY_INFO, "info", "提示") \
    X(EXPLAIN_CONNECTION, "connection {0}: {1} -> {2}", "第 {0} 个连接: {1} -> {2}")
/* clang-format on */

#endif
