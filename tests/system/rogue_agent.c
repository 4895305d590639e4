/* rogue_agent.c - stands where moisson-agent should be, below a true launcher, and hands it orders that it should not
 * carry out. What the launcher says to each is in ORDER.answer beside it.
 *
 *   moisson-agent ...   with ROGUE_DIR in the environment: asks for a reboot; hands over each *.order there, once;
 *                       writes `nonce`
 *   rogue-agent sign ORDER_KEY_FILE FILE.order FIELD=VALUE...   makes one, signed with that key
 *   rogue-agent change FILE.order OTHER.order FIELD=VALUE...    another's order with changes, its MAC as it was
 *
 * Fields: node nonce (hexadecimal) sequence raw_id attempt uid gid work_dir script (its text) */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/files.h"
#include "base/hash.h"
#include "base/keys.h"
#include "base/mem.h"
#include "nodeagent/verbs.h"
#include "nodeagent/verify.h"

#define LAUNCHER_FD 3
#define ORDER_MAX (1u << 20)
#define LOOK_MS 20

/* --- orders ----------------------------------------------------------------------------------------------------- */

static Moisson__SignedOrder *order_read (const char *path)
{
    _cleanup_free_ char *data = NULL;
    size_t len;

    if (file_read (path, ORDER_MAX, &data, &len, NULL))
        return NULL;
    return moisson__signed_order__unpack (NULL, len, (const uint8_t *) data);
}

static int order_write (const char *path, const Moisson__SignedOrder *order, struct err *err)
{
    size_t len = moisson__signed_order__get_packed_size (order);
    _cleanup_free_ uint8_t *packed = xmalloc (len);

    moisson__signed_order__pack (order, packed);
    return file_write (path, (const char *) packed, len, 0644, 0, err);
}

static void replace_bytes (ProtobufCBinaryData *field, const void *data, size_t len)
{
    free (field->data);
    *field = (ProtobufCBinaryData){len, xmemdup (data, len)};
}

static void set_nonce (Moisson__Order *order, const char *value)
{
    uint8_t nonce[NONCE_SIZE] = {0};

    sodium_hex2bin (nonce, sizeof nonce, value, strlen (value), NULL, NULL, NULL);
    replace_bytes (&order->launcher_nonce, nonce, sizeof nonce);
}

static void set_script (Moisson__Order *order, const char *value)
{
    uint8_t hash[HASH_SIZE];

    hash_bytes (value, strlen (value), hash);
    replace_bytes (&order->script_hash, hash, sizeof hash);
}

static void set_node (Moisson__Order *order, const char *value)
{
    free (order->node);
    order->node = xstrdup (value);
}

static void set_sequence (Moisson__Order *order, const char *value)
{
    order->sequence = strtoull (value, NULL, 10);
}

static void set_raw_id (Moisson__Order *order, const char *value)
{
    order->raw_id = strtoull (value, NULL, 10);
}

static void set_uid (Moisson__Order *order, const char *value)
{
    order->uid = (uint32_t) strtoul (value, NULL, 10);
}

static const struct {
    const char *name;
    void (*set) (Moisson__Order *order, const char *value);
} fields[] = {{"nonce", set_nonce},       {"script", set_script}, {"node", set_node},
              {"sequence", set_sequence}, {"raw_id", set_raw_id}, {"uid", set_uid}};

static int set_fields (Moisson__Order *order, char **words, struct err *err)
{
    for (; *words; words++) {
        const char *value = *words + strcspn (*words, "=");
        size_t i = 0;
        while (i < sizeof fields / sizeof *fields && (strncmp (fields[i].name, *words, strlen (fields[i].name)) != 0))
            i++;
        if (!*value || i == sizeof fields / sizeof *fields)
            return err_set (err, 0, "%s is no FIELD=VALUE", *words);
        fields[i].set (order, value + 1);
    }
    return 0;
}

static Moisson__Order *order_blank (void)
{
    Moisson__Order *order = xmalloc (sizeof *order);

    moisson__order__init (order);
    order->node = xstrdup ("");
    order->work_dir = xstrdup ("/tmp");
    order->user = xstrdup ("root");
    order->attempt = 1;
    order->cpus = 1;
    order->kill_wait_s = 1;
    set_nonce (order, "");
    set_script (order, "");
    order->env_hash = (ProtobufCBinaryData){HASH_SIZE, xmemdup (order->script_hash.data, HASH_SIZE)};
    return order;
}

static void repack (Moisson__SignedOrder *into, const Moisson__Order *order)
{
    free (into->order.data);
    into->order.len = moisson__order__get_packed_size (order);
    into->order.data = xmalloc (into->order.len);
    moisson__order__pack (order, into->order.data);
}

static int sign (const char *key_path, const char *path, char **words, struct err *err)
{
    Moisson__SignedOrder signed_order = MOISSON__SIGNED_ORDER__INIT;
    _cleanup_order_ Moisson__Order *order = order_blank ();
    uint8_t key[KEY_SIZE], mac[HASH_SIZE];

    if (key_read (key_path, key, err) || set_fields (order, words, err))
        return -1;
    repack (&signed_order, order);
    mac_bytes (signed_order.order.data, signed_order.order.len, key, mac);
    signed_order.mac = (ProtobufCBinaryData){sizeof mac, mac};
    int r = order_write (path, &signed_order, err);
    free (signed_order.order.data);
    return r;
}

static int change (const char *from, const char *to, char **words, struct err *err)
{
    Moisson__SignedOrder *signed_order = order_read (from);
    _cleanup_order_ Moisson__Order *order =
        signed_order ? moisson__order__unpack (NULL, signed_order->order.len, signed_order->order.data) : NULL;
    int r = -1;

    if (!order)
        err_set (err, 0, "%s is no order", from);
    else if (set_fields (order, words, err) == 0) {
        repack (signed_order, order);
        r = order_write (to, signed_order, err);
    }
    if (signed_order)
        moisson__signed_order__free_unpacked (signed_order, NULL);
    return r;
}

/* --- below the launcher ----------------------------------------------------------------------------------------- */

struct place {
    struct pipe_end launcher;
    const char *dir;
    char *asked; /* the order that the launcher is thinking about */
};

static void write_text (const struct place *p, const char *name, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", p->dir, name);
    _cleanup_err_ struct err err = ERR_INIT;

    if (file_write (path, text, strlen (text), 0644, 0, &err))
        err_report ("rogue-agent", &err);
}

static void on_verb (void *arg, enum verb verb, ProtobufCMessage *msg)
{
    struct place *p = arg;

    if (verb == VERB_HELLO) {
        const Moisson__LauncherHello *hello = (const Moisson__LauncherHello *) msg;
        char hex[2 * NONCE_SIZE + 1] = "";
        if (hello->nonce.len == NONCE_SIZE)
            sodium_bin2hex (hex, sizeof hex, hello->nonce.data, NONCE_SIZE);
        write_text (p, "nonce", hex);
    } else if ((verb == VERB_STARTED || verb == VERB_REFUSED) && p->asked) {
        const Moisson__LaunchResult *result = (const Moisson__LaunchResult *) msg;
        _cleanup_free_ char *name = xasprintf ("%s.answer", p->asked);
        _cleanup_free_ char *text =
            xasprintf ("%s %s\n", verb == VERB_STARTED ? "STARTED" : "REFUSED", result->why ? result->why : "");
        write_text (p, name, text);
        free (steal (&p->asked));
    }
}

static bool was_asked (const struct place *p, const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s.answer", p->dir, name);

    return access (path, F_OK) == 0;
}

/* One order at a time, so that an answer is to what was asked. */
static void hand_over (struct place *p)
{
    DIR *dir = opendir (p->dir);

    for (struct dirent *entry; dir && !p->asked && (entry = readdir (dir));) {
        size_t len = strlen (entry->d_name);
        if (len < 6 || strcmp (entry->d_name + len - 6, ".order") != 0 || was_asked (p, entry->d_name))
            continue;
        _cleanup_free_ char *path = xasprintf ("%s/%s", p->dir, entry->d_name);
        Moisson__Launch launch = MOISSON__LAUNCH__INIT;
        launch.order = order_read (path);
        if (!launch.order)
            continue;
        p->asked = xstrdup (entry->d_name);
        launch.cpu_ids = (char *) "0";
        pipe_end_send (&p->launcher, VERB_START, &launch.base);
        moisson__signed_order__free_unpacked (launch.order, NULL);
    }
    if (dir)
        closedir (dir);
}

static int stand_in (const char *dir)
{
    struct place p = {.dir = dir};
    Moisson__AgentReady ready = MOISSON__AGENT_READY__INIT;
    Moisson__RunProgram run = MOISSON__RUN_PROGRAM__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = 0;

    pipe_end_open (&p.launcher, LAUNCHER_FD, false);
    pipe_end_send (&p.launcher, VERB_READY, &ready.base);
    run.kind = MOISSON__REPORT_KIND__REPORT_REBOOT;
    pipe_end_send (&p.launcher, VERB_RUN, &run.base);
    while (rc == 0) {
        struct pollfd fd = {.fd = LAUNCHER_FD, .events = POLLIN};
        if (poll (&fd, 1, LOOK_MS) < 0 && errno != EINTR)
            return 1;
        if (fd.revents)
            rc = pipe_end_receive (&p.launcher, on_verb, &p, &err);
        pipe_end_flush (&p.launcher);
        if (!p.asked)
            hand_over (&p);
    }
    free (p.asked);
    pipe_end_close (&p.launcher);
    return rc == PIPE_E_CLOSED ? 0 : err_report ("rogue-agent", &err);
}

int main (int argc, char **argv)
{
    const char *dir = getenv ("ROGUE_DIR");
    _cleanup_err_ struct err err = ERR_INIT;

    if (argc >= 4 && strcmp (argv[1], "sign") == 0)
        return sign (argv[2], argv[3], argv + 4, &err) ? err_report ("rogue-agent", &err) : 0;
    if (argc >= 4 && strcmp (argv[1], "change") == 0)
        return change (argv[2], argv[3], argv + 4, &err) ? err_report ("rogue-agent", &err) : 0;
    if (dir)
        return stand_in (dir);
    fprintf (stderr, "Usage: rogue-agent sign|change ...; or in the place of moisson-agent, with ROGUE_DIR\n");
    return 2;
}
