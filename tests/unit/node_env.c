#include <stdbool.h>
#include <string.h>
#include "nodeagent/env.h"
#include "suite.h"

START_TEST (a_blob_is_kept_byte_for_byte)
{
    static const char blob[] = "A=1\0EMPTY=\0BASH_FUNC_f%%=() {  echo \"x\"\n}\0U=\xff\xfe\0B=two=three";
    _cleanup_env_ struct env env = ENV_INIT;

    env_add_blob (&env, blob, sizeof blob - 1);
    ck_assert_uint_eq (env.n, 5);
    ck_assert_str_eq (env.list[0], "A=1");
    ck_assert_str_eq (env.list[1], "EMPTY=");
    ck_assert_str_eq (env.list[2], "BASH_FUNC_f%%=() {  echo \"x\"\n}");
    ck_assert_str_eq (env.list[3], "U=\xff\xfe");
    ck_assert_str_eq (env.list[4], "B=two=three");
    ck_assert_ptr_null (env.list[5]);
}
END_TEST

START_TEST (what_is_no_setting_is_dropped)
{
    static const char blob[] = "\0noequals\0=noname\0OK=1\0";
    _cleanup_env_ struct env env = ENV_INIT;

    env_add_blob (&env, blob, sizeof blob - 1);
    ck_assert_uint_eq (env.n, 1);
    ck_assert_str_eq (env.list[0], "OK=1");
    env_add (&env, "noequals");
    env_add (&env, "=noname");
    ck_assert_uint_eq (env.n, 1);
}
END_TEST

START_TEST (later_settings_replace_and_prefixes_do_not)
{
    _cleanup_env_ struct env env = ENV_INIT;

    env_add (&env, "SLURM_JOB_ID=1");
    env_add (&env, "SLURM_JOB=2");
    env_add (&env, "SLURM_JOB_ID=3");
    ck_assert_uint_eq (env.n, 2);
    ck_assert_str_eq (env.list[0], "SLURM_JOB_ID=3");
    ck_assert_str_eq (env_get (&env, "SLURM_JOB"), "2");
    ck_assert_ptr_null (env_get (&env, "SLURM"));
}
END_TEST

static void add_job (struct env *env, Moisson__Launch *launch, Moisson__Order *order)
{
    const struct env_facts facts = {launch, order, "/spool/n1", "/etc/m.conf"};

    order->user = (char *) "ada";
    order->raw_id = 12;
    order->attempt = 3;
    env_add_job (env, &facts);
}

START_TEST (a_bare_job_gets_what_a_login_would_have)
{
    _cleanup_env_ struct env env = ENV_INIT;
    Moisson__Launch launch = MOISSON__LAUNCH__INIT;
    Moisson__Order order = MOISSON__ORDER__INIT;

    order.home = (char *) "/home/ada";
    add_job (&env, &launch, &order);
    ck_assert_str_eq (env_get (&env, "HOME"), "/home/ada");
    ck_assert_str_eq (env_get (&env, "USER"), "ada");
    ck_assert_str_eq (env_get (&env, "LOGNAME"), "ada");
    ck_assert_str_eq (env_get (&env, "SHELL"), "/bin/sh");
    ck_assert_str_eq (env_get (&env, "TMPDIR"), "/tmp");
    ck_assert_ptr_nonnull (strstr (env_get (&env, "PATH"), "/usr/bin"));
    ck_assert_ptr_null (env_get (&env, "CUDA_VISIBLE_DEVICES"));
    ck_assert_str_eq (env_get (&env, "MOISSON_ATTEMPT"), "12.3");
    ck_assert_str_eq (env_get (&env, "MOISSON_SPOOL"), "/spool/n1");
}
END_TEST

START_TEST (users_settings_win_over_defaults_and_lose_to_facts)
{
    static const char blob[] = "HOME=/elsewhere\0SLURM_JOB_ID=999\0SLURM_CONF=/login/conf\0CUDA_VISIBLE_DEVICES=7";
    _cleanup_env_ struct env env = ENV_INIT;
    Moisson__Launch launch = MOISSON__LAUNCH__INIT;
    Moisson__Order order = MOISSON__ORDER__INIT;
    char *extra[] = {(char *) "SLURM_JOB_ID=12"};

    launch.gpu_ids = (char *) "0,1";
    order.home = (char *) "/home/ada";
    order.extra_env = extra;
    order.n_extra_env = 1;
    env_add_blob (&env, blob, sizeof blob - 1);
    add_job (&env, &launch, &order);
    ck_assert_str_eq (env_get (&env, "HOME"), "/elsewhere");
    ck_assert_str_eq (env_get (&env, "SLURM_JOB_ID"), "12");
    ck_assert_str_eq (env_get (&env, "SLURM_CONF"), "/etc/m.conf");
    ck_assert_str_eq (env_get (&env, "CUDA_VISIBLE_DEVICES"), "0,1");
    ck_assert_str_eq (env_get (&env, "SLURM_JOB_GPUS"), "0,1");
}
END_TEST

START_TEST (gpus_as_their_libraries_count_them)
{
    static const struct {
        bool hidden, amd;
        const char *cuda, *rocr, *ordinal;
    } rows[] = {
        {false, false, "1,3", NULL, "1,3"}, /* of the machine */
        {true, false, "0,2", NULL, "0,2"},  /* of those that can be opened */
        {false, true, NULL, "1,3", "0,1"},  /* of those that ROCR_VISIBLE_DEVICES leaves */
        {true, true, NULL, "0,2", "0,1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_env_ struct env env = ENV_INIT;
        Moisson__Launch launch = MOISSON__LAUNCH__INIT;
        Moisson__Order order = MOISSON__ORDER__INIT;
        launch.gpu_ids = (char *) "4,5";
        launch.gpu_visible = (char *) "1,3";
        launch.gpu_left = (char *) "0,2";
        launch.devices_hidden = rows[i].hidden;
        launch.has_gpu_vendor = true;
        launch.gpu_vendor = rows[i].amd ? MOISSON__GPU_VENDOR__GPU_VENDOR_AMD : MOISSON__GPU_VENDOR__GPU_VENDOR_NVIDIA;
        add_job (&env, &launch, &order);
        ck_assert_str_eq (env_get (&env, "SLURM_JOB_GPUS"), "4,5");
        ck_assert_pstr_eq (env_get (&env, "CUDA_VISIBLE_DEVICES"), rows[i].cuda);
        ck_assert_pstr_eq (env_get (&env, "CUDA_DEVICE_ORDER"), rows[i].cuda ? "PCI_BUS_ID" : NULL);
        ck_assert_pstr_eq (env_get (&env, "ROCR_VISIBLE_DEVICES"), rows[i].rocr);
        ck_assert_pstr_eq (env_get (&env, "GPU_DEVICE_ORDINAL"), rows[i].ordinal);
    }
}
END_TEST

START_TEST (the_pid_is_filled_in_place)
{
    _cleanup_env_ struct env env = ENV_INIT;
    Moisson__Launch launch = MOISSON__LAUNCH__INIT;
    Moisson__Order order = MOISSON__ORDER__INIT;

    env_set_pid (&env, 1); /* nothing to fill: nothing happens */
    add_job (&env, &launch, &order);
    env_set_pid (&env, 4194304);
    ck_assert_str_eq (env_get (&env, "SLURM_TASK_PID"), "4194304");
}
END_TEST

SUITE ("env", a_blob_is_kept_byte_for_byte, what_is_no_setting_is_dropped, later_settings_replace_and_prefixes_do_not,
       a_bare_job_gets_what_a_login_would_have, users_settings_win_over_defaults_and_lose_to_facts,
       gpus_as_their_libraries_count_them, the_pid_is_filled_in_place)
