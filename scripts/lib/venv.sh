# Makes virtual environments, for scripts/cudadoctor and scripts/test. To be sourced, with `root` set and these functions:
# `wanted` prints what the finished environment is for, `fits DIR` says whether it is that, `fill_venv DIR` installs.
# shellcheck shell=sh
# shellcheck disable=SC2154  # root is set by the script that sources this

say() {
    printf 'cudadoctor: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 3
}

if [ "$(id -u)" = 0 ]; then as_root=''; else as_root='sudo '; fi

# What a person would type here to install one of Debian's packages, or its like elsewhere.
install_line() {
    if command -v apt-get >/dev/null 2>&1; then
        echo "${as_root}apt-get install $1"
    elif command -v dnf >/dev/null 2>&1; then
        echo "${as_root}dnf install $2"
    elif command -v zypper >/dev/null 2>&1; then
        echo "${as_root}zypper install $2"
    elif command -v apk >/dev/null 2>&1; then
        echo "${as_root}apk add $2"
    else
        echo "install $2 with the system's package manager"
    fi
}

other_ways='or name another one, from uv, conda or pyenv: PYTHON=/path/to/python3'

# Sets `python` to the first one that is new enough and can make environments, or says in one line what is missing.
find_python() {
    old=''
    bare=''
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON" # the user's choice: what is wrong with it is to be said, and no other one taken
    else
        set -- python3.13 python3.12 python3.11 python3.10 python3 python3.14 /usr/bin/python3
    fi
    for candidate; do
        candidate=$(where_is "$candidate") || continue
        # A pyenv shim may be there and lead nowhere: only an answer counts.
        answer=$(ask_python "$candidate") || answer=''
        case $answer in
            good\ *)
                python=${answer#good }
                return
                ;;
            bare\ *) bare=${bare:-${answer#bare }} ;;
            old\ *) old=${old:-${answer#old }} ;;
        esac
    done
    if [ -n "$bare" ]; then
        package=python3-venv # for the system's own Python; each other version has its own
        [ "${bare%% *}" = "$(ask_python /usr/bin/python3 | cut -d ' ' -f 2)" ] || package=python${bare%% *}-venv
        fail "Python ${bare#* } cannot make virtual environments (its venv or ensurepip module is missing):" \
            "$(install_line "$package" python3), $other_ways"
    elif [ -n "$old" ]; then
        fail "Python ${old#* } is too old, version ${old%% *}; cudadoctor needs 3.10 or newer:" \
            "$(install_line python3.12 python3.12) where there is such a package, $other_ways"
    elif [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not a Python that starts: correct or unset it"
    fi
    fail "no Python was found; cudadoctor needs 3.10 or newer: $(install_line 'python3 python3-venv' python3), $other_ways"
}

# The whole path of a program that the caller may choose. Root runs none from a directory of PATH before the system's own.
where_is() {
    (
        if [ "$(id -u)" = 0 ]; then PATH=$PATH:${caller_path-}; else PATH=${caller_path-$PATH}; fi
        command -v "$1"
    ) 2>/dev/null
}

# Prints `good PATH`, `bare X.Y PATH` (no venv or ensurepip) or `old X.Y PATH`.
ask_python() {
    (
        unset PYTHONPATH PYTHONHOME
        "$1" -S -c '
import sys
name = "%d.%d " % sys.version_info[:2] + sys.executable
if sys.version_info < (3, 10):
    print("old " + name)
else:
    try:
        import ensurepip, venv
        print("good " + sys.executable)
    except ImportError:
        print("bare " + name)
' 2>/dev/null
    ) </dev/null
}

# Sets `venv`: the place in the checkout, or the user's cache where the checkout is read-only.
choose_venv() {
    [ -z "${CUDADOCTOR_VENV:-}" ] || return 0
    if foreign "$venv"; then
        venv=$root/.venv-cudadoctor # somebody has an environment of their own here
    fi
    if { [ -w "$root" ] && ! [ -e "$venv" ]; } || [ -w "$venv" ]; then
        return 0
    fi
    cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    [ -n "$cache" ] || fail "$root cannot be written to and HOME is not set: set CUDADOCTOR_VENV to a folder of yours"
    venv=$cache/cudadoctor/venv-$(printf %s "$root" | cksum | cut -d ' ' -f 1)
}

# True where the folder holds something that these scripts did not make.
foreign() {
    [ -e "$1" ] && ! [ -e "$1/cudadoctor.made" ] && [ -n "$(ls -A "$1" 2>/dev/null || echo unreadable)" ]
}

# One builder at a time: the lock is a folder that names its maker.
lock_venv() {
    lock=$venv-lock
    waited=0
    until mkdir "$lock" 2>/dev/null; do
        [ -d "$lock" ] || fail "cannot write to $(dirname "$venv"): set CUDADOCTOR_VENV to a folder of yours"
        owner=$(cat "$lock/pid" 2>/dev/null)
        if [ -n "$owner" ] && ! alive "$owner"; then
            rm -rf "$lock"
            continue
        fi
        if [ "$waited" = 0 ]; then
            say "waiting for another first run (process ${owner:-not known}) to finish"
        elif [ "$waited" -ge 600 ] || { [ -z "$owner" ] && [ "$waited" -ge 10 ]; }; then
            fail "$lock is in the way: remove it where no other first run is at work"
        fi
        waited=$((waited + 1))
        sleep 1
    done
    trap 'rm -rf "$lock"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    echo "$$" >"$lock/pid"
}

alive() {
    if [ -d /proc/self ]; then [ -d "/proc/$1" ]; else kill -0 "$1" 2>/dev/null; fi
}

unlock_venv() {
    rm -rf "$lock"
    trap - EXIT INT TERM HUP
}

# Makes or renews `venv`. The stamp is written last: what has none is not finished, and is made anew.
make_venv() {
    if foreign "$venv"; then
        fail "$venv is there and was not made by cudadoctor: name another folder in CUDADOCTOR_VENV"
    fi
    mkdir -p "$(dirname "$venv")" 2>/dev/null \
        || fail "cannot make $(dirname "$venv"): set CUDADOCTOR_VENV to a folder of yours"
    lock_venv
    if ! fits "$venv"; then # the one that was waited for may have made it
        rm -f "$venv/cudadoctor.stamp"
        new_venv "$venv"
        fill_venv "$venv"
        wanted >"$venv/cudadoctor.stamp" || fail "cannot write to $venv"
        say "ready"
    fi
    unlock_venv
}

# An empty environment with pip in folder $1; one of these scripts' that is there already is replaced.
new_venv() {
    find_python
    say "making a virtual environment in $1 with $python"
    rm -rf "$1"
    mkdir -p "$1" 2>/dev/null || fail "cannot make $1: set CUDADOCTOR_VENV to a folder of yours"
    : >"$1/cudadoctor.made"
    quietly "$1/make.log" "$python" -m venv "$1" \
        || fail "$python could not make a virtual environment in $1: $(last_words "$1/make.log")"
}

# pip_install VENV ARGUMENT…
pip_install() {
    into=$1
    shift
    quietly "$into/pip.log" "$into/bin/python" -m pip install --disable-pip-version-check --no-input --no-user --compile "$@" \
        || fail "pip could not install it (it needs a network, a mirror or PIP_FIND_LINKS): $(last_words "$into/pip.log")"
}

# The user's variables for Python and pip must not send packages elsewhere, or leave them without bytecode.
quietly() {
    log=$1
    shift
    (
        unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_COMPILE
        exec "$@"
    ) >"$log" 2>&1 </dev/null
}

# The line of a log that says what failed.
last_words() {
    line=$(grep -i 'error' "$1" 2>/dev/null | grep -v '^ *$' | tail -n 1)
    [ -n "$line" ] || line=$(tail -n 1 "$1" 2>/dev/null)
    printf '%s (all of it: %s)' "${line:-no word}" "$1"
}
