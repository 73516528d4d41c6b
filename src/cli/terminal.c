/* terminal.c - see terminal.h. */
#include "cli/terminal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_TIME_MS 200

/* A character of ambiguous width at the line's beginning, then a question: where is the cursor? */
#define QUESTION "\r│\033[6n"
#define WIPE "\r\033[K"

unsigned terminal_report_column(const char *text)
{
    for (const char *at = strstr(text, "\033["); at != NULL; at = strstr(at + 2, "\033[")) {
        char *end;
        strtoul(at + 2, &end, 10);
        if (*end == ';') {
            unsigned long column = strtoul(end + 1, &end, 10);
            if (*end == 'R') {
                return (unsigned)column;
            }
        }
    }
    return 0;
}

static unsigned read_report(int fd)
{
    char text[64];
    size_t size = 0;
    unsigned column = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (column == 0 && size + 1 < sizeof(text) && poll(&ready, 1, ANSWER_TIME_MS) == 1) {
        ssize_t n = read(fd, text + size, sizeof(text) - 1 - size);
        if (n <= 0) {
            break;
        }
        size += (size_t)n;
        text[size] = '\0';
        column = terminal_report_column(text);
    }
    return column;
}

unsigned terminal_ambiguous_columns(void)
{
    struct termios before, raw;
    int fd = STDIN_FILENO;

    if (isatty(STDOUT_FILENO) == 0 || tcgetattr(fd, &before) != 0) {
        return 0;
    }
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw) != 0) {
        return 0;
    }
    unsigned column = 0;
    if (write(STDOUT_FILENO, QUESTION, sizeof(QUESTION) - 1) == (ssize_t)sizeof(QUESTION) - 1) {
        column = read_report(fd);
    }
    if (write(STDOUT_FILENO, WIPE, sizeof(WIPE) - 1) < 0) {
        column = 0;
    }
    tcsetattr(fd, TCSANOW, &before);
    return column == 2 || column == 3 ? column - 1 : 0;
}
