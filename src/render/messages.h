/*
 * messages.h - every sentence the tool prints about a conversation, in both languages, in one table.
 *
 * A table and not gettext, because it must work with no locale installed and because both columns are
 * mandatory: an entry without a translation does not compile. {0}, {1}... are arguments; a unit test
 * checks that both columns use the same ones.
 */
#ifndef RENDER_MESSAGES_H
#define RENDER_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

enum language { LANGUAGE_EN = 0, LANGUAGE_ZH, LANGUAGE_COUNT };

#include "render/messages_demo.h"
#include "render/messages_export.h"
#include "render/messages_finding.h"
#include "render/messages_flows.h"
#include "render/messages_ladder.h"
#include "render/messages_live.h"
#include "render/messages_page.h"

#define MESSAGES(X)                                                                                \
    /* headers */                                                                                  \
    X(CLIENT, "client", "客户端")                                                                  \
    X(SERVER, "server", "服务器")                                                                  \
    X(TIME_UNIT, "time s", "时间 秒")                                                              \
    X(MEANING, "what it means", "含义")                                                            \
    X(CONNECTION, "connection {0} of {1}: {2} -> {3}, {4} segments, starts at {5} s",              \
      "第 {0}/{1} 个连接: {2} -> {3}, {4} 段, 始于 {5} 秒")                                        \
    X(ISNS, "ISN: {0} {2} drawn as {1}, {3} {5} drawn as {4}",                                     \
      "ISN: {0} {2} 画作 {1}, {3} {5} 画作 {4}")                                                   \
    X(ISN_ONE, "ISN: {0} {2} drawn as {1}", "ISN: {0} {2} 画作 {1}")                               \
    X(NOTE, "note: {0}", "注意: {0}")                                                              \
    X(NOTE_NO_HANDSHAKE,                                                                           \
      "no SYN was captured: the states are not known, and numbers count from the first seen",      \
      "没有抓到 SYN: 状态未知, 序号从最先看到的算起")                                              \
    X(NOTE_CLIENT_GUESSED, "which side is the client is a guess", "哪一端是客户端只是猜测")        \
    X(NOTE_ONE_WAY, "only one direction was captured", "只抓到一个方向")                           \
    X(NOTE_CUT, "packets were cut by the capture: some options are missing",                       \
      "报文被截短: 缺少部分选项")                                                                  \
    X(NOTE_NO_VANTAGE, "captured on the way or on a loopback: one time per segment",               \
      "在途中或回环接口上抓的包: 每段只有一个时间")                                                \
    X(NOTE_AT_SERVER, "captured at the server: the times are its own",                             \
      "在服务器端抓的包: 时间是服务器的时间")                                                      \
    /* what was silent, and why */                                                                 \
    X(IDLE_RTO, "retransmission timeout", "重传超时")                                              \
    X(IDLE_TLP, "probe timer", "探测定时器")                                                       \
    X(IDLE_DELAYED_ACK, "delayed ACK", "延迟确认")                                                 \
    X(IDLE_ZERO_WINDOW, "zero window", "零窗口")                                                   \
    X(IDLE_KEEPALIVE, "keep-alive", "保活")                                                        \
    X(IDLE_APPLICATION, "application", "应用程序")                                                 \
    X(IDLE_TIME_WAIT, "2*MSL", "2*MSL")                                                            \
    X(IDLE_FAST, "duplicate ACKs", "重复 ACK")                                                     \
    X(IDLE_RACK, "reordering window", "乱序等待时间")                                              \
    X(IDLE_NAGLE, "held by Nagle", "被 Nagle 算法扣住")                                            \
    X(LOST, "lost", "丢失")                                                                        \
    /* prose */                                                                                    \
    X(SYN, "asks to open", "请求建立连接")                                                         \
    X(SYN_MSS, "asks to open; will accept segments up to {0} bytes",                               \
      "请求建立连接;本端每段最多收 {0} 字节")                                                      \
    X(SYN_CROSSING, "asks to open too: both SYNs cross (simultaneous open)",                       \
      "也请求建立连接:两个 SYN 交错(同时打开)")                                                    \
    X(SYN_ACK, "accepts (ACK = {0}+1) and asks to open its own direction",                         \
      "确认(ACK={0}+1),同时请求建立反方向连接")                                                    \
    X(SYN_RETX, "no answer to segment {0}: asks again", "第 {0} 段无应答,再次请求")                \
    X(HANDSHAKE_DONE, "handshake complete: both sides are ESTABLISHED",                            \
      "三次握手完成,双方进入 ESTABLISHED")                                                         \
    X(DATA, "{0} bytes: numbers {1}..{2}", "{0} 字节数据:序号 {1}..{2}")                           \
    X(DATA_ONE, "one byte: number {0}", "1 字节数据:序号 {0}")                                     \
    X(DATA_PIGGYBACK, "{0} bytes, and the same segment acknowledges {1}..{2}: a piggybacked ACK",  \
      "捎带应答(piggyback):{0} 字节数据,同时确认 {1}..{2}")                                        \
    X(DATA_HALF_CLOSED, "{0} bytes in the direction still open: numbers {1}..{2}",                 \
      "仍打开的方向上 {0} 字节数据:序号 {1}..{2}")                                                 \
    X(DATA_MISSED_PART, "{0} bytes, at least a part of them probably lost: see segment {1}",       \
      "{0} 字节,至少一部分可能丢失:见第 {1} 段")                                                   \
    X(DATA_MISSED, "{0} bytes, probably lost: segment {1} brings them",                            \
      "{0} 字节,可能丢失:由第 {1} 段补上")                                                         \
    X(DATA_SENT_AGAIN, "{0} bytes, sent again later: whether this copy arrived is not known",      \
      "{0} 字节,后来又重传:这一份是否到达未知")                                                    \
    X(ACK, "everything before {0} has arrived", "{0} 以前的数据都已收到")                          \
    X(ACK_AGAIN, "says again: everything before {0} has arrived",                                  \
      "再次说明:{0} 以前的数据都已收到")                                                           \
    X(DUP_ACK, "still waiting for {0}: duplicate ACK {1}", "仍在等 {0}:第 {1} 个重复 ACK")         \
    X(DUP_ACK_SACK, "still waiting for {0}, has {2}: duplicate ACK {1}",                           \
      "仍在等 {0},已有 {2}:第 {1} 个重复 ACK")                                                     \
    X(FIN, "no more data from {0} (FIN uses up number {1})", "{0}不再发送数据(FIN 占用序号 {1})")  \
    X(FIN_DATA, "{2} last bytes, then no more data from {0} (FIN uses up number {1})",             \
      "最后 {2} 字节,此后{0}不再发送数据(FIN 占用序号 {1})")                                       \
    X(FIN_ACKS_FIN,                                                                                \
      "acknowledges the FIN, and no more data from {0} either (FIN uses up number "                \
      "{1})",                                                                                      \
      "确认对方的 FIN,{0}也不再发送数据(FIN 占用序号 {1})")                                        \
    X(FIN_ACKED, "the FIN is acknowledged; {0} may still send (half-close)",                       \
      "确认对方的 FIN;{0}仍可发送(半关闭)")                                                        \
    X(FIN_ACKED_CROSSING, "the FIN is acknowledged; both sides closed at once",                    \
      "确认对方的 FIN;双方同时关闭")                                                               \
    X(LAST_ACK, "{0} waits 2*MSL in TIME-WAIT; {1} is closed",                                     \
      "{0}进入 TIME-WAIT 等 2MSL;{1}关闭")                                                         \
    X(LAST_ACK_PLAIN, "both directions are closed", "两个方向都已关闭")                            \
    X(REFUSED, "refused: nobody listens on port {0}", "拒绝连接:{0} 端口没有进程监听")             \
    X(RST, "aborts the connection", "中止连接")                                                    \
    X(RETX, "the bytes of segment {0} again", "重传第 {0} 段的数据")                               \
    X(RETX_TRY, "the bytes of segment {0} again, try {1}", "再次重传第 {0} 段的数据,第 {1} 次")    \
    X(RETX_UNSEEN, "sent again; the first copy did not pass here", "重传,首份未经过此处")          \
    X(RETX_FIN, "the FIN of segment {0} again", "重传第 {0} 段的 FIN")                             \
    X(WINDOW_CLOSED, "window closed: no room left at the {0}", "窗口关闭:{0}的接收缓冲区已满")     \
    X(WINDOW_OPENED, "window open again: room for {0} bytes", "窗口重新打开:可再收 {0} 字节")      \
    X(WINDOW_UPDATE, "window update: room for {0} bytes", "窗口更新:可再收 {0} 字节")              \
    X(PROBE, "zero-window probe: is there room again?", "零窗口探测:有空间了吗?")                  \
    X(PROBE_ANSWER, "answers the probe: still no room", "回答探测:仍然没有空间")                   \
    X(KEEPALIVE, "keep-alive probe: is anyone there?", "保活探测:对方还在吗?")                     \
    X(KEEPALIVE_ANSWER, "answers: still here", "回答:还在")                                        \
    X(NEVER_ARRIVED, "never reached the {0}", "没有到达{0}")                                       \
    X(CORRUPTED, "damaged on the way: the {0} drops it", "途中损坏:{0}将其丢弃")                   \
    X(OVERTAKEN, "overtaken on the way: arrives after later bytes", "途中被超过:比后面的数据晚到") \
    X(LATE, "fills a gap: late, or sent again; which is not known here",                           \
      "补上空缺:是迟到还是重传,此处无法判断")                                                      \
    X(NET_DUPLICATE, "a copy of segment {0} made by the network", "网络复制的第 {0} 段")           \
    X(CHALLENGE_ACK,                                                                               \
      "challenge ACK: proves nothing to a stranger, and tells the peer where it stands",           \
      "质询 ACK:要求对方证明自己的位置")                                                           \
    X(OTHER, "neither data nor ACK", "既无数据也无 ACK")                                           \
    MESSAGES_LADDER(X)                                                                             \
    MESSAGES_FINDING(X)                                                                            \
    MESSAGES_DEMO(X)                                                                               \
    MESSAGES_EXPORT(X)                                                                             \
    MESSAGES_FLOWS(X)                                                                              \
    MESSAGES_PAGE(X)                                                                               \
    MESSAGES_LIVE(X)

enum message_id {
#define MESSAGE_ENUM(id, en, zh) MESSAGE_##id,
    MESSAGES(MESSAGE_ENUM)
#undef MESSAGE_ENUM
        MESSAGE_COUNT
};

#define MESSAGE_ARGS_MAX 6

/* The sentence with its placeholders. */
const char *message_text(enum message_id id, enum language language);

/* Writes the sentence with args[n] put in; what does not fit out[size] is cut at a whole character.
 * Placeholders without an argument vanish. Returns out. */
char *message_format(char *out, size_t size, enum message_id id, enum language language,
                     const char *const args[], size_t n);

/* From the value of an environment variable like LANG: "zh_CN.UTF-8". NULL: English. */
enum language language_from_locale(const char *locale);

#endif
