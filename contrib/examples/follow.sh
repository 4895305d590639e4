# shellcheck shell=bash
# Watching jobs of an example until they have ended. Sourced.

# count_states STATES...: "3 pending, 2 running, 5 completed"
count_states ()
{
    sort | uniq -c | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), $1, tolower ($2) }'
}

states_of () # JOB,JOB,...: one word a job or array task
{
    squeue -h -r -t all -j "$1,$1" -o %T
}

# follow JOB,JOB,...: shows how the jobs stand until none is pending or running. One line that is rewritten on a terminal,
# a new line for each change elsewhere.
follow ()
{
    local jobs="$1" states line="" new
    while :; do
        states="$(states_of "$jobs")"
        new="   $(count_states <<<"$states")"
        if [ "$new" != "$line" ]; then
            if [ -t 1 ]; then
                printf '\r\033[K%s' "$new"
            else
                printf '%s\n' "$new"
            fi
        fi
        line="$new"
        grep -qE '^(PENDING|RUNNING|COMPLETING)$' <<<"$states" || break
        # One that waits for what failed will never start.
        if squeue -h -j "$jobs,$jobs" -t pending -o %r | grep -q DependencyNeverSatisfied; then
            break
        fi
        sleep 0.3
    done
    if [ -t 1 ]; then
        printf '\n'
    fi
}

# show_failures JOB,...: what did not go well, in words. 1 if there was any.
show_failures ()
{
    local bad
    bad="$(sacct -n -X -P -j "$1" -o JobID,JobName,State,ExitCode,Reason | awk -F'|' '$3 != "COMPLETED"')"
    [ -n "$bad" ] || return 0
    printf 'These jobs did not complete (id, name, state, exit code, reason):\n%s\n' "$bad" >&2
    return 1
}
