# shellcheck shell=bash
# What the scripts of this folder share: words to the user, waiting, packages, munged. Sourced, never run.

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # ordinary users on Debian have no sbin in their PATH; munged lives there
export PATH

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck disable=SC2034 # for the scripts that source this file
SOURCE_DIR="$(dirname "$HERE")"
TOOL="$(basename "$0")"

say ()
{
    printf '%s\n' "$*"
}

# die WHAT [FIX]: end with one sentence on stderr.
die ()
{
    printf '%s: %s\n' "$TOOL" "$1" >&2
    if [ -n "${2:-}" ]; then
        printf '        fix: %s\n' "$2" >&2
    fi
    exit 1
}

# wait_for SECONDS COMMAND...: poll until it succeeds; 1 when the time is over. MOISSON_PATIENCE times as long, if set.
wait_for ()
{
    local deadline=$((SECONDS + $1 * ${MOISSON_PATIENCE:-1}))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# ninja's lines on stdin: how far it is, in tenths; what is no step of the build (errors, warnings) as it is.
build_progress ()
{
    local line tenths last=0
    while IFS= read -r line; do
        if [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
            tenths=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
            [ "$tenths" -gt "$last" ] || continue
            last="$tenths"
            say "   ${tenths}0 %"
        elif [ "$line" != "ninja: no work to do." ]; then
            say "$line"
        fi
    done
}

# --- packages --------------------------------------------------------------------------------------------------------

missing_packages ()
{
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
    done
}

# How to run a command as root: "" as root, "sudo" where it exists, else 1.
root_prefix ()
{
    if [ "$(id -u)" -eq 0 ]; then
        say ""
    elif command -v sudo >/dev/null; then
        say sudo
    else
        return 1
    fi
}

have_candidates ()
{
    local name
    for name in "$@"; do
        apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
    done
}

# apt_install PACKAGE...: 1 if it cannot be done. apt's lists are refreshed only where they do not name the package, or
# where they name a version that the mirror no longer has.
apt_install ()
{
    local prefix
    prefix="$(root_prefix)" || return 1
    have_candidates "$@" || $prefix apt-get -q update || return 1
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" && return 0
    $prefix apt-get -q update || return 1
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

# install_packages WHAT_FOR PACKAGE...: nothing where all are there. 1 with a sentence on stderr if it cannot be done.
install_packages ()
{
    local what_for="$1" missing
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "$TOOL: this is not Debian: the packages for $what_for must be there under their names here ($*)" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if ! root_prefix >/dev/null; then
        say "$TOOL: packages for $what_for are missing, and you are neither root nor is sudo here: ask your admin for" \
            "'apt-get install ${missing[*]}'" >&2
        return 1
    fi
    say "== installing packages for $what_for: ${missing[*]}"
    apt_install "${missing[@]}" && return 0
    say "$TOOL: packages for $what_for could not be installed: ${missing[*]} (apt's own words are above)" >&2
    return 1
}

# --- munge: the system's where it answers, else one of our own in the cluster's directory ------------------------------

munge_answers () # [SOCKET]
{
    local at=()
    [ -z "${1:-}" ] || at=(-S "$1")
    munge "${at[@]}" -n 2>/dev/null | unmunge "${at[@]}" >/dev/null 2>&1
}

# The socket of the munged to use, on stdout; empty = the system's. MOISSON_PRIVATE_MUNGE=1 never takes the system's.
munge_start () # DIR
{
    local dir="$1/munge"
    if [ -z "${MOISSON_PRIVATE_MUNGE:-}" ] && [ ! -e "$dir/key" ] && munge_answers; then
        return 0
    fi
    command -v munged >/dev/null || die "munged is not installed" "apt-get install munge"
    mkdir -p "$dir"
    chmod 711 "$dir"
    if [ ! -s "$dir/key" ]; then
        (umask 077 && head -c 128 /dev/urandom >"$dir/key")
    fi
    if ! munge_answers "$dir/socket"; then
        rm -f "$dir/socket" "$dir/socket.lock"
        # --force: the directories above need not be open to everybody, only to those who use this cluster.
        # File descriptors above 2 are closed: munged lives on, a lock or pipe of ours must not live with it.
        munged --force --key-file="$dir/key" --socket="$dir/socket" --pid-file="$dir/pid" --log-file="$dir/log" \
            --seed-file="$dir/seed" --num-threads=4 </dev/null >/dev/null 2>"$dir/start" 3>&- 4>&- ||
            die "munged does not start: $(cat "$dir/start")" "see $dir/log"
        wait_for 10 munge_answers "$dir/socket" || die "munged started but does not answer at $dir/socket" "see $dir/log"
    fi
    say "$dir/socket"
}

munge_stop () # DIR
{
    local pid
    pid="$(cat "$1/munge/pid" 2>/dev/null)" || return 0
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = munged ]; then
        kill "$pid"
        wait_for 10 process_gone "$pid" || kill -9 "$pid"
    fi
    rm -f "$1/munge/pid"
}

process_gone () # PID
{
    local state
    state="$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}
