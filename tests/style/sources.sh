# shellcheck shell=bash
# Which files the style checks look at. Sourced; changes to the root of the sources.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
ROOMS=(core lib ctld nodeagent plugins cli tests)

c_files ()
{
    find "${ROOMS[@]}" -name '*.[ch]' -type f | LC_ALL=C sort
}

# Shell scripts: by name, or by their first line.
shell_files ()
{
    {
        find contrib tests .ci -name '*.sh' -type f ! -path '*/corpus/*'
        printf '%s\n' contrib/packages
        find contrib tests .ci -type f ! -name '*.*' ! -path '*/corpus/*' -exec awk 'FNR == 1 && /^#!.*sh$/ { print FILENAME }' {} +
    } | LC_ALL=C sort -u
}
