#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that are missing for a purpose: deps.sh build|run|test|full|bench|train ...
# Where there is no apt it names what is missing and fails.
set -eu

build="gcc libc6-dev meson ninja-build pkg-config python3
libavformat-dev libavcodec-dev libavutil-dev libswresample-dev libebur128-dev
libopenblas-dev liblapacke-dev libcairo2-dev libpango1.0-dev libsqlite3-dev libpq-dev
libmicrohttpd-dev libssl-dev libjansson-dev libinih-dev libutf8proc-dev zlib1g-dev
libcurl4-openssl-dev libmpdclient-dev libshout-dev libxml2-dev libseccomp-dev libhdf5-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev
fonts-dejavu-core fonts-lato"
# The demo library: styles, synthesiser, sound font, encoder.
run="mma fluidsynth timgm6mb-soundfont ffmpeg"
test="git libcmocka-dev clang clang-format clang-tidy ffmpeg jq poppler-utils libxml2-utils
chromium-headless-shell curl sqlite3 python3-numpy python3-scipy postgresql mandoc mpd icecast2 supysonic"
# The long proofs: the kernels on another processor, clocks that are wrong, packages, what shells and
# desktops are given.
full="cppcheck valgrind gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static libfaketime wrk
debootstrap dpkg-dev debhelper lintian reuse appstream desktop-file-utils zsh fish"
# What the benchmarks are measured against, as far as Debian has it (the rest: bench/peers).
bench="python3-torch"
# Training mm1: the network, sound fonts, and what unpacks the packages of train/packages.txt.
train="python3-torch python3-numpy ffmpeg libfluidsynth3 fluid-soundfont-gm"

wanted=""
for purpose in "$@"; do
    case $purpose in
    build) wanted="$wanted $build"
        # Whatever node is on PATH will do; Debian's where there is none.
        command -v node >/dev/null || wanted="$wanted nodejs"
        command -v npm >/dev/null || wanted="$wanted npm" ;;
    run) wanted="$wanted $run" ;;
    test) wanted="$wanted $test" ;;
    full) wanted="$wanted $full" ;;
    bench) wanted="$wanted $bench" ;;
    train) wanted="$wanted $train" ;;
    *) echo "deps.sh: what is \"$purpose\"?" >&2; exit 2 ;;
    esac
done

if ! command -v apt-get >/dev/null; then
    missing=""
    for tool in gcc meson ninja pkg-config python3 node npm protoc-c; do
        command -v "$tool" >/dev/null || missing="$missing $tool"
    done
    for library in libavformat libavcodec libavutil libswresample libebur128 openblas lapacke \
        pangocairo sqlite3 libpq libmicrohttpd libcrypto jansson inih libutf8proc zlib \
        libcurl libmpdclient shout libxml-2.0 libseccomp hdf5 libprotobuf-c; do
        pkg-config --exists "$library" 2>/dev/null || missing="$missing $library"
    done
    [ -z "$missing" ] && exit 0
    echo "There is no apt-get here. Missing:$missing" >&2
    echo "On Debian these packages have them:" $wanted >&2
    exit 1
fi

missing=""
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -z "$missing" ] && exit 0

root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "Run as root, or install these packages yourself:$missing" >&2
        exit 1
    }
    root=sudo
fi
echo "Installing:$missing"
# No service of any package may start because we installed it.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
    $root chmod 755 $policy
    trap '$root rm -f $policy' EXIT
fi
# The tests make PostgreSQL servers of their own; the machine needs none.
cluster=/etc/postgresql-common/createcluster.conf
if [ ! -e $cluster ]; then
    $root mkdir -p ${cluster%/*}
    echo 'create_main_cluster = false' | $root tee $cluster >/dev/null
fi
$root apt-get update -qq
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
