/* terminal.h - asking the terminal how wide it draws. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/* Columns in which the terminal draws a character of ambiguous width: 1 or 2. Draws one, asks for the position of the
 * cursor, and takes it away again. 0: not known, because there is no terminal or it does not answer. */
unsigned terminal_ambiguous_columns(void);

/* The column (from 1) in a cursor position report "ESC [ row ; column R" somewhere in the text; 0: there is none. */
unsigned terminal_report_column(const char *text);

#endif
