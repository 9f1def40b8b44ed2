# Shared by ./test and ./demo; sourced, never run.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }

need_sdk() {
    command -v dotnet >/dev/null || die "The .NET 10 SDK is needed and dotnet is not on the PATH: https://dotnet.microsoft.com/download"
    dotnet --version >/dev/null 2>&1 || die "The .NET 10 SDK is needed; this machine has: $(dotnet --list-sdks | tr '\n' ' ')"
}

# need_packages NAME:PATH ... installs each distribution package whose PATH is missing.
need_packages() {
    local missing=() pair
    for pair in "$@"; do
        [ -e "${pair#*:}" ] || missing+=("${pair%%:*}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "The tests need ${missing[*]}; install them and run this again."
    say "Installing ${missing[*]}"
    local sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
        || die "Could not install ${missing[*]}."
}

# Restore and build in one go; the output is shown only when it failed.
build() {
    local log
    log=$(mktemp)
    if ! dotnet build "$1" -c Release --nologo -v quiet >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# count_results FILE prints "PASSED FAILED" from an xunit XML report; fails when it is missing or counts no test.
count_results() {
    [ -s "$1" ] || return 1
    local line
    line=$(grep -m1 -o '<assembly [^>]*' "$1") || return 1
    local total failed errors
    total=$(sed -E 's/.* total="([0-9]+)".*/\1/' <<<"$line")
    failed=$(sed -E 's/.* failed="([0-9]+)".*/\1/' <<<"$line")
    errors=$(sed -E 's/.* errors="([0-9]+)".*/\1/' <<<"$line")
    local passed
    passed=$(sed -E 's/.* passed="([0-9]+)".*/\1/' <<<"$line")
    [ "$total" -gt 0 ] || return 1
    # A skipped test counts as failed: a test whose server is missing fails, it never skips.
    echo "$passed $((total - passed + errors))"
}
