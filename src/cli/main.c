/* main.c - weir: finds the verb and hands over. */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/cmd.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    char *title; /* argv[0] of the verb, for its help */
    const char *summary;
} verbs[] = {
    {"demo", cmd_demo, (char *)"weir demo", "draw a canned conversation between two weir stacks"},
    {"drill", cmd_drill, (char *)"weir drill",
     "run packetdrill scripts against weir, in virtual time"},
    {"explain", cmd_explain, (char *)"weir explain",
     "tell what broke or limited the TCP conversations of a capture file"},
    {"flows", cmd_flows, (char *)"weir flows",
     "list the TCP conversations of a capture file, worst first"},
    {"ladder", cmd_ladder, (char *)"weir ladder", "draw the TCP conversations of a capture file"},
    {"live", cmd_live, (char *)"weir live",
     "draw TCP conversations while they go on: of an interface, or of a command"},
    {"nc", cmd_nc, (char *)"weir nc", "netcat on weir's own TCP, over a TUN or TAP interface"},
    {"relay", cmd_relay, (char *)"weir relay",
     "join two interfaces by a bad link, and log the truth"},
};

static int help(void)
{
    printf("Usage: weir VERB [OPTION...]\n"
           "TCP you can embed, and TCP you can see.\n\n");
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
    }
    printf("\nweir VERB --help tells more. Exit codes: 0 good, 64 wrong usage, 65 bad input file,\n"
           "69 something needed is missing, 71 system error, 77 no permission.\n");
    return cli_finish(CLI_OK);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        return help();
    }
    if (strcmp(word, "--version") == 0) {
        printf("weir " WEIR_VERSION "\n");
        return cli_finish(CLI_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (strcmp(word, verbs[i].name) == 0) {
            argv[1] = verbs[i].title;
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    if (argc < 2) {
        return cli_error(CLI_USAGE, "no verb given: try weir --help");
    }
    return cli_error(CLI_USAGE, "%s: %s", word[0] == '-' ? "unknown option" : "unknown verb", word);
}
