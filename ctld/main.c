/* main.c - moissonctld, the controller. */
#include <getopt.h>
#include <string.h>
#include "ctld/ctld.h"

static void usage (FILE *out)
{
    fputs ("Usage: moissonctld [-f CONF] [-v]\n"
           "The controller of a Moisson cluster. Runs in the foreground until SIGTERM, SIGINT or `scontrol shutdown`;\n"
           "jobs go on meanwhile. SIGHUP opens the log again, and reads the keys of nodes and the configuration\n"
           "again, as scontrol reconfigure does.\n"
           "\n"
           "  -f, --config CONF   the configuration (default: $MOISSON_CONF, $SLURM_CONF,\n"
           "                      /etc/moisson/moisson.conf); check it with: moisson config check CONF\n"
           "  -D                  accepted for Slurm's sake: it always stays in the foreground\n"
           "  -v, --verbose       log more\n"
           "  -h, --help          this text\n"
           "  -V, --version       print the version\n",
           out);
}

/* -1: go on; else the exit status. */
static int parse (int argc, char **argv, struct ctld_options *ret)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'f'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    int c;

    while ((c = getopt_long (argc, argv, "f:DvhV", longs, NULL)) != -1) {
        if (c == 'f') {
            ret->config_path = optarg;
        } else if (c == 'v') {
            ret->verbose = true;
        } else if (c == 'h') {
            usage (stdout);
            return 0;
        } else if (c == 'V') {
            printf ("moissonctld %s\n", MOISSON_VERSION);
            return 0;
        } else if (c != 'D') {
            usage (stderr);
            return 1;
        }
    }
    if (optind < argc) {
        fprintf (stderr, "moissonctld: error: \"%s\" is not an option\n", argv[optind]);
        usage (stderr);
        return 1;
    }
    return -1;
}

int main (int argc, char **argv)
{
    _cleanup_ (ctld_freep) struct ctld *ctld = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    struct ctld_options options = {.config_path = config_default_path (getenv ("MOISSON_CONF"), getenv ("SLURM_CONF"))};
    int status = parse (argc, argv, &options);

    if (status >= 0)
        return status;
    if (ctld_create (&ctld, &options, &err) < 0 /* configuration, keys, store */
        || ctld_restore (ctld, &err) < 0        /* snapshot + journal -> core */
        || ctld_listen (ctld, &err) < 0         /* only now may anybody talk to us */
        || ctld_run (ctld, &err) < 0)           /* the loop, until told to stop */
        return err_report ("moissonctld", &err);
    return 0; /* ctld_free: in reverse */
}
