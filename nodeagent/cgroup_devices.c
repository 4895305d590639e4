/* cgroup_devices.c - a device program: for each denied device compare type, major and minor; else allow. */
#include "nodeagent/cgroup_devices.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/mem.h"

#define HEAD 4 /* instructions before the first device, of a device, and at the end */
#define EACH 5
#define TAIL 2

#define LOAD(to, from, off) ((struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, to, from, off, 0})
#define AND(reg, imm) ((struct bpf_insn){BPF_ALU | BPF_AND | BPF_K, reg, 0, 0, imm})
#define SKIP_UNLESS(reg, imm, off) ((struct bpf_insn){BPF_JMP | BPF_JNE | BPF_K, reg, 0, off, imm})
#define ANSWER(imm) ((struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, imm})
#define EXIT ((struct bpf_insn){BPF_JMP | BPF_EXIT, 0, 0, 0, 0})

static size_t write_program (struct bpf_insn *p, const struct cgroup_device *deny, size_t n)
{
    size_t at = 0;

    p[at++] = LOAD (BPF_REG_2, BPF_REG_1, offsetof (struct bpf_cgroup_dev_ctx, access_type));
    p[at++] = AND (BPF_REG_2, 0xffff); /* the type; the rest is how it is opened */
    p[at++] = LOAD (BPF_REG_3, BPF_REG_1, offsetof (struct bpf_cgroup_dev_ctx, major));
    p[at++] = LOAD (BPF_REG_4, BPF_REG_1, offsetof (struct bpf_cgroup_dev_ctx, minor));
    for (size_t i = 0; i < n; i++) {
        p[at++] = SKIP_UNLESS (BPF_REG_2, deny[i].type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 4);
        p[at++] = SKIP_UNLESS (BPF_REG_3, (int32_t) deny[i].major, 3);
        p[at++] = SKIP_UNLESS (BPF_REG_4, (int32_t) deny[i].minor, 2);
        p[at++] = ANSWER (0);
        p[at++] = EXIT;
    }
    p[at++] = ANSWER (1);
    p[at++] = EXIT;
    return at;
}

static int bpf (enum bpf_cmd cmd, union bpf_attr *attr)
{
    return (int) syscall (SYS_bpf, cmd, attr, sizeof *attr);
}

int cgroup_devices_deny (const char *dir, const struct cgroup_device *deny, size_t n, struct err *err)
{
    _cleanup_free_ struct bpf_insn *program = xcalloc (HEAD + EACH * n + TAIL, sizeof *program);
    static const char licence[] = "MIT";
    union bpf_attr attr;

    memset (&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insn_cnt = (uint32_t) write_program (program, deny, n);
    attr.insns = (uint64_t) (uintptr_t) program;
    attr.license = (uint64_t) (uintptr_t) licence;
    _cleanup_close_ int prog = bpf (BPF_PROG_LOAD, &attr);
    if (prog < 0)
        return err_errno (err, errno, "the kernel does not take the device rules of %s", dir);
    _cleanup_close_ int group = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return err_errno (err, errno, "cannot open %s", dir);
    memset (&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t) group;
    attr.attach_bpf_fd = (uint32_t) prog;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf (BPF_PROG_ATTACH, &attr))
        return err_errno (err, errno, "cannot set the device rules of %s", dir);
    return 0;
}
