/*
 * script.h - a packetdrill script as a tree of plain values, and the call that makes one from text.
 *
 * The language is that of the public packetdrill scripts (google/packetdrill, the Linux kernel's
 * selftests, and the FreeBSD dialect where it differs): options, a first command, timed events, a
 * last command. Events can stand between #ifdef NAME and #endif; who runs the script knows the
 * names. An event is a system call with the result it must give, a packet to inject `<` or to
 * expect `>`, a shell command in back quotes, or a block of assertions %{ ... }%.
 *
 * Nothing here is evaluated: names such as SOL_TCP or tcpi_rtt stay names until drill/eval.h is
 * given somebody who knows them. What the language knows but weir never will (SCTP, GRE, MPLS, PSP)
 * becomes an event of kind DRILL_EVENT_UNSUPPORTED, so that a runner can say so instead of failing.
 *
 * All memory of a script is one arena. All times are nanoseconds. All text is NUL-terminated as
 * well.
 */
#ifndef DRILL_SCRIPT_H
#define DRILL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DRILL_OK = 0,
    DRILL_ESYNTAX = -1, /* the text is not a script; the error says where and why */
    DRILL_ENOMEM = -2,
    DRILL_EVALUE = -3, /* eval.h: an unknown name, a division by zero */
    DRILL_EASSERT = -4 /* eval.h: an assertion does not hold */
};

#define DRILL_TEXT_MAX 320 /* room for an error's message */
#define DRILL_SIZE_MAX (16u << 20)

struct drill_pos {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in bytes */
};

struct drill_error {
    struct drill_pos pos;
    char text[DRILL_TEXT_MAX]; /* one line, "file.pkt:12:7: expected ..." */
};

struct drill_text {
    const char *data; /* data[size] is 0, for callers that know there is no other 0 */
    size_t size;
};

/* ---- options: --name or --name=value --------------------------------------------------------- */
struct drill_setting {
    struct drill_setting *next;
    struct drill_pos pos;
    const char *name;  /* without the dashes */
    const char *value; /* NULL: none; quotes around the whole value are taken off */
};

/* ---- expressions: arguments and results of system calls -------------------------------------- */
enum drill_expr_kind {
    DRILL_EXPR_ELLIPSIS, /* ... */
    DRILL_EXPR_NUMBER,   /* -1, 0x10 */
    DRILL_EXPR_WORD,     /* SOCK_STREAM */
    DRILL_EXPR_NUMERIC,  /* O_RDWR|O_NONBLOCK: evaluate `ops` with drill_eval */
    DRILL_EXPR_STRING,   /* "text"; adjacent ones are joined */
    DRILL_EXPR_LIST,     /* [a, b] */
    DRILL_EXPR_STRUCT,   /* {a, b} or {key=a, key(x)=b} */
    DRILL_EXPR_CALL,     /* htons(8080) */
    DRILL_EXPR_FIELD     /* key=value, key(argument)=value */
};

struct drill_op; /* eval.h */

struct drill_expr {
    struct drill_expr *next; /* in the list it is an item of */
    struct drill_pos pos;
    enum drill_expr_kind kind;
    bool more;                /* STRING: "..." follows, so only the beginning is given */
    int64_t number;           /* NUMBER */
    struct drill_text text;   /* WORD, STRING; name of a CALL or FIELD */
    struct drill_expr *items; /* LIST, STRUCT, CALL; FIELD: what stands in (), or NULL */
    size_t item_count;
    struct drill_expr *value;   /* FIELD */
    const struct drill_op *ops; /* NUMERIC */
};

/* The value of field `name` of a struct, or NULL. */
const struct drill_expr *drill_expr_field(const struct drill_expr *expr, const char *name);

/* ---- system calls ---------------------------------------------------------------------------- */
struct drill_call {
    const char *name;
    struct drill_expr *args;
    size_t arg_count;
    bool blocking;   /* written start...end: called at start, returns at end */
    uint64_t end_ns; /* counted from where the event's start is counted from */
    struct drill_expr *result;
    const char *error; /* name of the errno, or NULL */
    const char *note;  /* what stands in () at the end, or NULL */
};

/* ---- packets --------------------------------------------------------------------------------- */
enum drill_direction {
    DRILL_IN, /* < : inject it */
    DRILL_OUT /* > : expect it */
};

enum drill_packet_kind { DRILL_PACKET_TCP, DRILL_PACKET_UDP, DRILL_PACKET_ICMP };

/* What was said of the IP header; nothing is checked that was not said. */
struct drill_ip {
    uint8_t tos; /* under tos_mask: 0x03 for [ect0], 0xfc for (dscp ...), 0xff for (tos ...) */
    uint8_t tos_mask;
    bool any_ect; /* [ect01]: ECT(0) or ECT(1) */
    bool ttl_said;
    uint8_t ttl; /* hop limit in IPv6 */
    bool flow_label_said;
    uint32_t flow_label;
};

struct drill_ports {
    bool said;
    uint16_t src;
    uint16_t dst;
};

struct drill_seq {
    bool any;      /* ...(length): any sequence number */
    bool absolute; /* 1:1(0)!: not relative to the initial sequence number */
    uint32_t start;
    uint32_t end;
    uint32_t length;
};

enum {
    DRILL_FIN = 1 << 0,
    DRILL_SYN = 1 << 1,
    DRILL_RST = 1 << 2,
    DRILL_PSH = 1 << 3,
    DRILL_ACK = 1 << 4,
    DRILL_URG = 1 << 5,
    DRILL_ECE = 1 << 6,
    DRILL_CWR = 1 << 7,
    DRILL_AE = 1 << 8
};

enum drill_option_kind {
    DRILL_OPTION_EOL,
    DRILL_OPTION_NOP,
    DRILL_OPTION_MSS,
    DRILL_OPTION_WSCALE,
    DRILL_OPTION_SACK_OK,
    DRILL_OPTION_SACK,
    DRILL_OPTION_TS,
    DRILL_OPTION_MD5,
    DRILL_OPTION_AO,
    DRILL_OPTION_FAST_OPEN,
    DRILL_OPTION_ACCECN0, /* counters in the order ect0, ce, ect1 */
    DRILL_OPTION_ACCECN1, /* counters in the order ect1, ce, ect0 */
    DRILL_OPTION_TARR,    /* the FreeBSD dialect's TCP ACK rate request */
    DRILL_OPTION_OTHER    /* gen-KIND or exp-ID and bytes */
};

struct drill_sack_block {
    uint32_t left;
    uint32_t right;
};

struct drill_stamp {
    bool any;      /* `...` or `*` */
    bool absolute; /* a number with ! */
    uint32_t value;
    const char *name; /* a symbol instead of a number, or NULL */
};

#define DRILL_SACK_MAX 4

/* How the signature of a segment is said. */
enum drill_signature {
    DRILL_SIGNATURE_BYTES, /* by its bytes, or there is none */
    DRILL_SIGNATURE_VALID, /* `valid`: the right one */
    DRILL_SIGNATURE_INVALID
};

struct drill_option {
    struct drill_option *next;
    struct drill_pos pos;
    enum drill_option_kind kind;
    bool experimental; /* kind 254 with an identifier: FOEXP, exp-FO, exp-AccECN0, exp-ID */
    uint32_t number;   /* MSS, WSCALE, TARR; OTHER: the kind, or the identifier if experimental */
    bool number_said;  /* TARR */
    struct drill_stamp val, ecr; /* TS */
    struct drill_sack_block blocks[DRILL_SACK_MAX];
    uint32_t counters[3];           /* ACCECN, as written */
    size_t count;                   /* of blocks or counters */
    enum drill_signature signature; /* MD5, AO */
    uint8_t key_id, next_key_id;    /* AO */
    struct drill_text data;         /* MD5 digest, FAST_OPEN cookie, bytes of OTHER */
    const char *symbol; /* a name instead of number or data, as in FO TFO_COOKIE; or NULL */
};

enum drill_options_mode {
    DRILL_OPTIONS_LIST, /* exactly these, in this order; also when none is written */
    DRILL_OPTIONS_ANY,  /* <...> */
    DRILL_OPTIONS_RAW   /* <0102...>: exactly these bytes */
};

struct drill_tcp {
    uint16_t flags; /* DRILL_FIN ... */
    int ace;        /* 0..7 where a digit stands for the flags AE, CWR, ECE; else -1 */
    struct drill_seq seq;
    bool ack_said;
    uint32_t ack;
    bool window_said;
    uint16_t window;
    bool urgent_said;
    uint16_t urgent;
    enum drill_options_mode options_mode;
    struct drill_option *options;
    size_t options_size;       /* bytes on the wire without padding and symbols; 0 if not LIST */
    struct drill_text raw;     /* RAW */
    struct drill_ports tunnel; /* .../udp(1 > 2): the segment travels in UDP */
};

enum drill_quote_kind { DRILL_QUOTE_NONE, DRILL_QUOTE_TCP, DRILL_QUOTE_UDP, DRILL_QUOTE_RAW };

struct drill_icmp {
    const char *type; /* a name or type_N: drill/icmp.h has the numbers */
    const char *code; /* NULL: 0 */
    bool mtu_said;
    uint32_t mtu;
    uint16_t id;
    enum drill_quote_kind quote;
    struct drill_seq seq;      /* of the quoted packet; only the length if it is not TCP */
    struct drill_ports tunnel; /* of the quoted packet */
};

struct drill_packet {
    enum drill_direction direction;
    enum drill_packet_kind kind;
    bool socket_said; /* > (4) ...: of the connection of that descriptor */
    int socket;
    struct drill_ip ip;
    struct drill_ports ports;
    struct drill_tcp tcp;
    struct drill_icmp icmp;
    uint16_t udp_length; /* UDP: bytes of payload */
};

/* ---- code blocks ----------------------------------------------------------------------------- */
enum drill_statement_kind { DRILL_ASSERT, DRILL_ASSIGN };

struct drill_statement {
    struct drill_statement *next;
    struct drill_pos pos;
    enum drill_statement_kind kind;
    const char *name; /* ASSIGN */
    const struct drill_op *ops;
    const char *source; /* the expression as written */
};

struct drill_code {
    struct drill_text text;             /* between %{ and }% */
    struct drill_statement *statements; /* print and comments are left out */
};

/* ---- events ---------------------------------------------------------------------------------- */
enum drill_time_kind {
    DRILL_TIME_ABSOLUTE, /* since the beginning of the script */
    DRILL_TIME_RELATIVE, /* since the event before */
    DRILL_TIME_ANY       /* *: whenever it comes */
};

struct drill_time {
    enum drill_time_kind kind;
    bool range; /* start~end: not before, not after */
    uint64_t start_ns;
    uint64_t end_ns; /* == start_ns unless range */
};

enum drill_event_kind {
    DRILL_EVENT_CALL,
    DRILL_EVENT_PACKET,
    DRILL_EVENT_SHELL,
    DRILL_EVENT_CODE,
    DRILL_EVENT_UNSUPPORTED
};

struct drill_event {
    struct drill_event *next;
    struct drill_pos pos; /* of the time */
    struct drill_time time;
    const char *condition; /* of the #ifdef it stands in, or NULL */
    enum drill_event_kind kind;
    const struct drill_call *call;     /* CALL */
    const struct drill_packet *packet; /* PACKET */
    const struct drill_code *code;     /* CODE */
    struct drill_text text;            /* SHELL: the command; UNSUPPORTED: the event's text */
    const char *unsupported;           /* UNSUPPORTED: what it is, for example "GRE" */
};

struct drill_script {
    const char *name;
    struct drill_setting *settings;
    struct drill_text init;    /* data is NULL if there is none */
    struct drill_text cleanup; /* likewise */
    struct drill_event *events;
    size_t event_count;
    const struct drill_event *unsupported; /* the first such event, or NULL */
    struct drill_arena *arena;
};

/*
 * Parses `size` bytes of any content. `name` is for messages. Nothing of the text is kept. DRILL_OK
 * and a script to be given to drill_script_del; or DRILL_ESYNTAX or DRILL_ENOMEM, *script NULL and
 * *error filled in.
 */
int drill_parse(const char *name, const char *text, size_t size, struct drill_script **script,
                struct drill_error *error);
void drill_script_del(struct drill_script *script); /* NULL is fine */

/* The value of the last --name=value, "" for --name, or NULL. */
const char *drill_script_setting(const struct drill_script *script, const char *name);

/* The value of the last --define=symbol=value as written, or NULL. */
const char *drill_script_define(const struct drill_script *script, const char *symbol);

/*
 * The error as three lines: the message, the line of the script, a mark under the column. Writes at
 * most `size` bytes with the 0, and returns out.
 */
char *drill_error_show(const struct drill_error *error, const char *text, size_t text_size,
                       char *out, size_t size);

#endif
