# Completion of Moisson's commands for bash: source this file, or install it as
# /usr/share/bash-completion/completions/moisson.
# Options come from the tables of the program itself, job ids and partitions from the controller.

declare -gA _moisson_cache

# The options of a command, from its table; where it has none there, those that its --help names.
_moisson_words ()
{
    if [[ -z ${_moisson_cache[$1]-} ]]; then
        _moisson_cache[$1]=$(moisson docs completion "$1" 2> /dev/null || moisson "$1" --help 2> /dev/null | grep -oE -- '--[a-z][a-z-]+')
    fi
    printf '%s\n' "${_moisson_cache[$1]}"
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

_moisson_reply ()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_moisson_options ()
{
    local command=$1

    [[ $command == config && ${COMP_WORDS[2]-} == import ]] && command=import
    _moisson_reply "$(_moisson_words "$command")" "$2"
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}

_moisson_complete ()
{
    local command=${1##*/} current=$2 previous=$3

    case $previous in
        -p | --partition) _moisson_reply "$(_moisson_partitions)" "$current"; return ;;
        -j | --jobs) _moisson_reply "$(_moisson_jobs)" "$current"; return ;;
    esac
    case $command:$current in
        srun:[!-]*) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
        moisson:-*) _moisson_options "${COMP_WORDS[1]-}" "$current" ;;
        *:-*) _moisson_options "$command" "$current" ;;
        scancel:* | seff:*) _moisson_reply "$(_moisson_jobs)" "$current" ;;
        scontrol:*)
            case $previous in
                show) _moisson_reply "job step node partition reservation licenses assoc_mgr config hostnames hostlist" "$current" ;;
                hold | release | uhold | requeue | requeuehold | job) _moisson_reply "$(_moisson_jobs)" "$current" ;;
                scontrol) _moisson_reply "show hold uhold release requeue requeuehold update create delete reboot cancel_reboot ping shutdown" "$current" ;;
            esac
            ;;
        sacctmgr:*)
            case $previous in
                sacctmgr | -[a-z]) _moisson_reply "show add modify delete dump" "$current" ;;
                show | list | add | create | modify | update | delete | remove) _moisson_reply "account user qos association" "$current" ;;
            esac
            ;;
        moisson:*)
            if [[ ${COMP_WORDS[1]-} == simulate ]]; then
                case $previous in
                    --order) _moisson_reply "fifo multifactor handicap patience sjf f1 wfp3 unicep all" "$current" ;;
                    --memory) _moisson_reply "standard bytes ignore" "$current" ;;
                    --conf | --trace | --svg | --jobs) ;; # files
                    *) _moisson_reply "$(moisson simulate --help 2> /dev/null | grep -oE -- '--[a-z][a-z-]+')" "$current" ;;
                esac
                return
            fi
            case $previous in
                config) _moisson_reply "check show import" "$current" ;;
                node) _moisson_reply "enroll fingerprint list accept revoke rekey" "$current" ;;
                accept) _moisson_reply "$(_moisson_pending)" "$current" ;;
                list | revoke | rekey) _moisson_reply "$(_moisson_nodes)" "$current" ;;
                why | failures | wait) _moisson_reply "$(_moisson_jobs)" "$current" ;;
                docs) _moisson_reply "options configuration completion man srun man-srun man-part" "$current" ;;
                completion | man-part) _moisson_reply "squeue sinfo sacct scancel scontrol sacctmgr sprio sshare sdiag failures why wait node events import simulate" "$current" ;;
                -t | --types) ;;
                moisson)
                    _moisson_reply "sbatch srun squeue scancel sinfo sacct scontrol sdiag sacctmgr sprio sshare sstat seff why failures wait events config simulate keygen node docs" "$current"
                    ;;
            esac
            ;;
    esac
}

complete -o default -F _moisson_complete sbatch srun squeue scancel sinfo scontrol sacct sdiag sacctmgr sprio sshare sstat seff moisson
