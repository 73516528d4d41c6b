/* cmd.h - the verbs. Each takes its own arguments (argv[0] is "weir VERB") and returns an exit code. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

int cmd_demo(int argc, char **argv);
int cmd_drill(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_flows(int argc, char **argv);
int cmd_ladder(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_nc(int argc, char **argv);
int cmd_relay(int argc, char **argv);

#endif
