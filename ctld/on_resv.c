/* on_resv.c - reservations are made, changed, deleted, and shown; licences are shown. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/page.h"
#include "ctld/rpc.h"

struct made { /* answered once it is on disk */
    struct request *request;
    char *name;
};

static void answer (void *arg, bool committed)
{
    struct made *m = arg;
    Moisson__ResvOpReply reply = MOISSON__RESV_OP_REPLY__INIT;

    reply.name = m->name;
    if (committed)
        request_reply (m->request, MOISSON__MSG_TYPE__MSG_RESV_OP_REPLY, &reply.base);
    else
        request_end (m->request);
    free (m->name);
    free (m);
}

static void answer_after_commit (struct request *request, const char *name)
{
    struct made *m = xmalloc (sizeof *m);

    *m = (struct made){.request = request, .name = xstrdup (name)};
    ctld_after (request->ctld, answer, m);
}

static int delete_it (struct request *request, char *name, struct err *err)
{
    Moisson__ResvDeleted deleted = MOISSON__RESV_DELETED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    deleted.name = name;
    deleted.uid = request->session->uid;
    event.what_case = MOISSON__EVENT__WHAT_RESV_DELETED;
    event.resv_deleted = &deleted;
    return ctld_apply (request->ctld, &event, err);
}

static int set_it (struct request *request, Moisson__Resv *resv, struct err *err)
{
    Moisson__ResvSet set = MOISSON__RESV_SET__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    set.resv = resv;
    set.uid = request->session->uid;
    event.what_case = MOISSON__EVENT__WHAT_RESV_SET;
    event.resv_set = &set;
    return ctld_apply (request->ctld, &event, err);
}

static int store_ready (const struct ctld *ctld, struct err *err)
{
    if (journal_accepting (ctld->journal))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_STORE, "the controller cannot record anything now: %s",
             journal_trouble (ctld->journal));
    return err_fix (err, "try again later");
}

void rpc_resv_op (struct request *request)
{
    static const char *const did[] = {"created", "updated", "deleted"};
    const Moisson__ResvOpRequest *asked = request->msg;
    uint32_t uid = request->session->uid;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__Resv *resv = NULL;
    const char *name;
    int rc = store_ready (request->ctld, &err);

    if (rc == 0)
        rc = core_admit_resv (request->ctld->core, asked, uid, now_wall (), &resv, &err);
    name = resv ? resv->name : asked->name;
    if (rc == 0)
        rc = resv ? set_it (request, resv, &err) : delete_it (request, asked->name, &err);
    if (rc < 0)
        request_fail (request, &err);
    else {
        log_info ("reservation=%s event=%s uid=%u", name, did[asked->op], uid);
        answer_after_commit (request, name);
    }
    if (resv)
        moisson__resv__free_unpacked (resv, NULL);
}

static void add_resv (void *arg, const Moisson__ResvInfo *row)
{
    page_add (arg, &row->base);
}

void rpc_resvs (struct request *request)
{
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__ResvsPage message = MOISSON__RESVS_PAGE__INIT;

    core_resvs (request->ctld->core, add_resv, &page);
    message.has_now_us = true;
    message.now_us = now_wall ();
    page_lend (&page, &message.base);
    request_reply (request, MOISSON__MSG_TYPE__MSG_RESVS_PAGE, &message.base);
}

static void add_licence (void *arg, const Moisson__LicenceInfo *row)
{
    page_add (arg, &row->base);
}

void rpc_licences (struct request *request)
{
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__LicencesPage message = MOISSON__LICENCES_PAGE__INIT;

    core_licences (request->ctld->core, add_licence, &page);
    message.has_now_us = true;
    message.now_us = now_wall ();
    page_lend (&page, &message.base);
    request_reply (request, MOISSON__MSG_TYPE__MSG_LICENCES_PAGE, &message.base);
}
