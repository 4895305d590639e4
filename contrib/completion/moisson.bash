# Completion of Moisson's commands for bash: source this file, or install it as
# /usr/share/bash-completion/completions/moisson.
# Options of sbatch come from the program itself, job ids and partitions from the controller.

_moisson_sbatch_words ()
{
    if [[ -z ${_moisson_sbatch_cache-} ]]; then
        _moisson_sbatch_cache=$(moisson docs completion 2> /dev/null)
    fi
    printf '%s\n' "$_moisson_sbatch_cache"
}

_moisson_jobs ()
{
    squeue --me --noheader --format=%i 2> /dev/null
}

_moisson_partitions ()
{
    sinfo --noheader --format=%R 2> /dev/null
}

_moisson_nodes ()
{
    sinfo --noheader --Node --format=%N 2> /dev/null | sort -u
}

# Nodes that ask to be accepted.
_moisson_pending ()
{
    moisson node list 2> /dev/null | awk '$2 == "pending" { print $1 }'
}

# The long options that a command's --help names.
_moisson_help_words ()
{
    "$1" --help 2> /dev/null | grep -oE -- '--[a-z][a-z-]+'
}

_moisson_reply ()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_moisson_complete ()
{
    local command=${1##*/} current=$2 previous=$3

    case $previous in
        -p | --partition) _moisson_reply "$(_moisson_partitions)" "$current"; return ;;
        -j | --jobs) _moisson_reply "$(_moisson_jobs)" "$current"; return ;;
    esac
    case $command:$current in
        sbatch:-*)
            _moisson_reply "$(_moisson_sbatch_words)" "$current"
            [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
            ;;
        srun:[!-]*) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
        *:-*) _moisson_reply "$(_moisson_help_words "$command")" "$current" ;;
        scancel:* | seff:*) _moisson_reply "$(_moisson_jobs)" "$current" ;;
        scontrol:*)
            case $previous in
                show) _moisson_reply "job step node partition config hostnames hostlist" "$current" ;;
                hold | release | uhold | requeue | requeuehold | job) _moisson_reply "$(_moisson_jobs)" "$current" ;;
                scontrol) _moisson_reply "show hold uhold release requeue requeuehold update reboot cancel_reboot ping shutdown" "$current" ;;
            esac
            ;;
        moisson:*)
            if [[ ${COMP_WORDS[1]-} == simulate ]]; then
                case $previous in
                    --order) _moisson_reply "fifo handicap patience sjf f1 wfp3 unicep all" "$current" ;;
                    --memory) _moisson_reply "standard bytes ignore" "$current" ;;
                    --conf | --trace | --svg | --jobs) ;; # files
                    *) _moisson_reply "$(moisson simulate --help 2> /dev/null | grep -oE -- '--[a-z][a-z-]+')" "$current" ;;
                esac
                return
            fi
            case $previous in
                config) _moisson_reply "check show" "$current" ;;
                node) _moisson_reply "enroll fingerprint list accept revoke rekey" "$current" ;;
                accept) _moisson_reply "$(_moisson_pending)" "$current" ;;
                list | revoke | rekey) _moisson_reply "$(_moisson_nodes)" "$current" ;;
                why | failures | wait) _moisson_reply "$(_moisson_jobs)" "$current" ;;
                docs) _moisson_reply "options configuration completion man srun man-srun" "$current" ;;
                moisson)
                    _moisson_reply "sbatch srun squeue scancel sinfo sacct scontrol sdiag sprio sshare sstat seff why failures wait config simulate keygen node docs" "$current"
                    ;;
            esac
            ;;
    esac
}

complete -o default -F _moisson_complete sbatch srun squeue scancel sinfo scontrol sacct sdiag sprio sshare sstat seff moisson
