/* cmd: the commands. Each takes its own arguments (argv[0] is the command's word) and returns the
 * exit status: 0 fine, 1 failed while running, 2 usage or configuration, 3 found wanting. */
#ifndef CMD_H
#define CMD_H

int cmd_agent(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_emit(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_status(int argc, char **argv);

#endif
