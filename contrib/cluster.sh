# shellcheck shell=bash
# One cluster in one directory: configuration, daemons, their end. For quickstart and minicluster. Sourced after lib.sh.
#
#   DIR/moisson.conf   DIR/bin (a link to the programs)   DIR/run/NAME.pid   DIR/log   DIR/state   DIR/spool/NODE   DIR/munge
#
# NAME is ctld, a node, or NODE.agent. The daemons write their pid files when they are ready.

MAX_DIR_LENGTH=60 # unix sockets lie below it; their paths are limited to 107 bytes

cluster_check_dir () # DIR
{
    [ "${#1}" -le "$MAX_DIR_LENGTH" ] ||
        die "$1 is too long for the sockets below it (${#1} of $MAX_DIR_LENGTH characters)" "choose a shorter path"
    case "$1" in
    *[!A-Za-z0-9_./+@-]*) die "$1 holds a character that the configuration cannot" \
        "use letters, digits and . _ - + @ only" ;;
    esac
}

cluster_exists ()
{
    [ -e "$1/moisson.conf" ]
}

cluster_nodes () # DIR: one name a line
{
    cat "$1/run/nodes"
}

# A port that nobody listens on, below the range that the kernel hands out by itself.
free_port ()
{
    local port try
    for try in {1..200}; do
        : "$try"
        port=$((20000 + RANDOM % 12000))
        if ! (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            say "$port"
            return 0
        fi
    done
    die "no free port on 127.0.0.1 between 20000 and 32000"
}

# cluster_configure DIR BIN NAME NODE_LINE EXTRA: keys and moisson.conf. EXTRA is more lines of configuration; a key (or a
# PartitionName line) in it replaces the one here.
cluster_configure ()
{
    local dir="$1" bin="$2" name="$3" node_line="$4" extra="$5" socket key line defaults user port
    mkdir -p "$dir"/{run,log,state,spool}
    ln -sfn "$bin" "$dir/bin"
    socket="$(munge_start "$dir")"
    key="$("$bin/moisson" keygen "$dir/state")" || die "moisson keygen failed for $dir/state"
    # other users of this host, root too, must know whom their credentials are for
    user="$(id -un 2> /dev/null)" || user=""
    port="$(free_port)"
    say "$port" >"$dir/run/port"
    mapfile -t defaults <<-END
	ClusterName=$name
	${user:+SlurmUser=$user}
	SlurmctldHost=localhost(127.0.0.1)
	SlurmctldPort=$port
	AuthType=auth/munge
	${socket:+AuthInfo=socket=$socket}
	$key
	StateSaveLocation=$dir/state
	SlurmdSpoolDir=$dir/spool/%n
	SlurmctldLogFile=$dir/log/ctld.log
	SlurmdLogFile=$dir/log/%n.log
	SlurmctldPidFile=$dir/run/ctld.pid
	SlurmdPidFile=$dir/run/%n.pid
	$node_line
	PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
	END
    {
        say "# Written by $TOOL. Check a change with: moisson config check $dir/moisson.conf"
        for line in "${defaults[@]}"; do
            [ -n "$line" ] || continue
            if [ "${line%%=*}" = NodeName ] || ! grep -qi "^[[:space:]]*${line%%=*}[[:space:]]*=" <<<"$extra"; then
                say "$line"
            fi
        done
        if [ -n "$extra" ]; then
            say "$extra"
        fi
    } >"$dir/moisson.conf.new"
    mv "$dir/moisson.conf.new" "$dir/moisson.conf"
}

cluster_enroll () # DIR: keys for nodes that have none
{
    local dir="$1" node
    while read -r node; do
        [ ! -s "$dir/spool/$node/node.key" ] || continue
        mkdir -p "$dir/spool/$node"
        "$dir/bin/moisson" node enroll "$node" --state "$dir/state" --spool "$dir/spool/$node" >/dev/null ||
            die "node $node could not be enrolled"
    done < <(cluster_nodes "$dir")
}

# The pid of a daemon that lives, on stdout; 1 if it does not. The name guards against a number used again.
daemon_pid () # DIR NAME
{
    local pid
    pid="$(cat "$1/run/$2.pid" 2>/dev/null)" || return 1
    case "$(cat "/proc/${pid:-none}/comm" 2>/dev/null)" in
    moisson*) ;;
    *) return 1 ;;
    esac
    process_gone "$pid" && return 1
    say "$pid"
}

daemon_alive ()
{
    daemon_pid "$1" "$2" >/dev/null
}

daemon_ready () # DIR NAME STARTED_PID: the pid file names it, or it has died
{
    [ "$(cat "$1/run/$2.pid" 2>/dev/null)" = "$3" ] || process_gone "$3"
}

daemon_start () # DIR NAME; 1 if it does not come up, its words are in DIR/log/NAME.out
{
    local dir="$1" name="$2" pid command
    daemon_alive "$dir" "$name" && return 0
    case "$name" in
    ctld) command=("$dir/bin/moissonctld" -f "$dir/moisson.conf") ;;
    *.agent) # the launcher starts it again by itself
        wait_for 60 daemon_alive "$dir" "$name"
        return
        ;;
    *)
        grep -qxF "$name" "$dir/run/nodes" || die "no daemon named $name in $dir" "ctld, or one of: $(xargs <"$dir/run/nodes")"
        command=("$dir/bin/moissond" -N "$name" -f "$dir/moisson.conf")
        ;;
    esac
    rm -f "$dir/run/$name.pid"
    # A session of its own, so that neither a closed terminal nor Ctrl-C ends it. Reports of a sanitizer build go to files.
    (
        cd "$dir" || exit 1
        ASAN_OPTIONS="log_path=$dir/log/sanitizer:${ASAN_OPTIONS:-}" \
        UBSAN_OPTIONS="log_path=$dir/log/sanitizer:print_stacktrace=1:${UBSAN_OPTIONS:-}" \
            exec setsid nohup "${command[@]}" </dev/null >>"$dir/log/$name.out" 2>&1 3>&- 4>&-
    ) &
    pid=$!
    disown "$pid"
    if ! wait_for 60 daemon_ready "$dir" "$name" "$pid"; then
        kill "$pid" 2>/dev/null || true # nothing names it once this shell has ended
        return 1
    fi
    ! process_gone "$pid"
}

daemon_stop () # DIR NAME SIGNAL
{
    local pid
    pid="$(daemon_pid "$1" "$2")" || return 0
    kill -s "$3" "$pid" 2>/dev/null || return 0
    wait_for 60 process_gone "$pid" || die "$2 (pid $pid) does not end on SIG$3" "see $1/log/$2.log"
}

# Idle is what a node is once the controller has seen it and nothing runs there.
cluster_is_up () # DIR
{
    local states wanted
    wanted="$(cluster_nodes "$1" | wc -l)"
    states="$(MOISSON_CONF="$1/moisson.conf" "$1/bin/sinfo" -h -N -p "$(cluster_partition "$1")" -o '%N %T' 2>/dev/null)" || return 1
    [ "$(grep -cE ' (idle|mixed|allocated)$' <<<"$states")" -eq "$wanted" ]
}

cluster_partition () # DIR: a partition that holds all nodes, else the first
{
    sed -nE 's/^[[:space:]]*PartitionName=([^[:space:]]+).*/\1/Ip' "$1/moisson.conf" | head -n 1
}

# Between the choice of a port and its use somebody else may have taken it: then another one is chosen, unless the port is
# one that the user gave, or nodes run that know it.
another_port () # DIR
{
    local dir="$1" old node port
    old="$(cat "$dir/run/port" 2>/dev/null)" || return 1
    grep -qx "SlurmctldPort=$old" "$dir/moisson.conf" || return 1
    tail -n 3 "$dir/log/ctld.out" "$dir/log/ctld.log" 2>/dev/null | grep -q 'Address already in use' || return 1
    while read -r node; do
        ! daemon_alive "$dir" "$node" || return 1
    done < <(cluster_nodes "$dir")
    port="$(free_port)"
    sed -i "s/^SlurmctldPort=$old\$/SlurmctldPort=$port/" "$dir/moisson.conf"
    say "$port" >"$dir/run/port"
}

start_controller () # DIR
{
    until daemon_start "$1" ctld; do
        another_port "$1" || return 1
    done
}

cluster_start () # DIR
{
    local dir="$1" node
    munge_start "$dir" >/dev/null
    cluster_enroll "$dir"
    start_controller "$dir" || die "the controller does not start: $(tail -n 6 "$dir/log/ctld.out" "$dir/log/ctld.log" 2>/dev/null)"
    while read -r node; do
        daemon_start "$dir" "$node" || die "node $node does not start: $(tail -n 6 "$dir/log/$node.out" "$dir/log/$node.log" 2>/dev/null)"
    done < <(cluster_nodes "$dir")
    wait_for 60 cluster_is_up "$dir" ||
        die "not all nodes of $dir are up after a minute: $("$dir/bin/sinfo" -N 2>&1 | tail -n 3)" "see $dir/log"
}

# All processes below a pid, itself not among them.
descendants () # PID
{
    local child
    for child in $(ps -o pid= --ppid "$1"); do
        say "$child"
        descendants "$child"
    done
}

# Shepherds whose attempts lie in this cluster's spool. They outlive the daemons, jobs hang below them.
cluster_shepherds () # DIR
{
    local entry
    for entry in /proc/[0-9]*; do
        if [ "$(cat "$entry/comm" 2>/dev/null)" = moisson-shepher ] &&
            { [[ "$(tr '\0' ' ' <"$entry/cmdline" 2>/dev/null)" == *"$1/spool/"* ]] ||
                [[ "$(readlink "$entry/cwd" 2>/dev/null)" == "$1/spool/"* ]]; }; then
            say "${entry#/proc/}"
        fi
    done
}

# What jobs have left behind whose shepherd is gone: they carry the node's spool in their environment.
cluster_orphans () # DIR
{
    local entry
    for entry in /proc/[0-9]*; do
        if tr '\0' '\n' 2>/dev/null <"$entry/environ" | grep -q "^MOISSON_SPOOL=$1/spool/" &&
            ! process_gone "${entry#/proc/}"; then
            say "${entry#/proc/}"
        fi
    done
}

# Directories of the jobs' cgroups, one a line: a node's launcher writes down where they are.
cluster_groups () # DIR
{
    local base
    for base in "$1"/spool/*/cgroup; do
        [ -r "$base" ] || continue
        tr '\t' '\n' <"$base" | sed -n 's/^[^=]*=//p'
    done
}

cluster_group_members () # DIR
{
    local group
    while read -r group; do
        cat "$group"/job_*/cgroup.procs 2>/dev/null
    done < <(cluster_groups "$1") | sort -u
}

# What is left of nodes that were not stopped in order: groups, and directories for temporary files.
cluster_drop_rest () # DIR
{
    local group note scratch
    while read -r group; do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
        rmdir "${group%/*}" 2>/dev/null || true
    done < <(cluster_groups "$1")
    for note in "$1"/spool/*/scratch; do
        read -r scratch <"$note" 2>/dev/null || continue
        [[ "$scratch" != */moisson-* ]] || rm -rf -- "$scratch"
    done
}

cluster_end_jobs () # DIR: what runs below the shepherds, again until nothing does; the shepherds then end by themselves
{
    local shepherds orphans pid
    shepherds="$(cluster_shepherds "$1")"
    if [ -n "$shepherds" ]; then
        for pid in $shepherds; do
            descendants "$pid" | xargs -r kill -9 2>/dev/null
        done
        return 1
    fi
    orphans="$(cluster_orphans "$1" 2>/dev/null; cluster_group_members "$1")"
    [ -n "$orphans" ] || return 0
    xargs -r kill -9 <<<"$orphans" 2>/dev/null
    return 1
}

cluster_stop () # DIR
{
    local dir="$1" node pid
    while read -r node; do
        daemon_stop "$dir" "$node" TERM
        daemon_stop "$dir" "$node.agent" TERM
    done < <(cluster_nodes "$dir")
    daemon_stop "$dir" ctld TERM
    if ! wait_for 30 cluster_end_jobs "$dir"; then
        for pid in $(cluster_shepherds "$dir"); do
            kill -9 "$pid" 2>/dev/null || true
        done
    fi
    cluster_drop_rest "$dir"
    munge_stop "$dir"
}

# Shell lines that make a shell talk to this cluster.
cluster_env () # DIR
{
    # shellcheck disable=SC2016 # the shell that reads these lines expands $PATH
    printf 'export PATH=%q:"$PATH"\nexport MOISSON_CONF=%q\n' "$(readlink "$1/bin")" "$1/moisson.conf"
}
