#!/usr/bin/env bash
# Makes a base image where no image registry can be reached: Debian 13 by debootstrap, and this machine's Python 3.12.
#
#     kubeflow/base_image.sh NAME PYTHON       # PYTHON: a python3.12 of this machine, built against glibc 2.41 or older
#
# Needs root, debootstrap and podman. DEBIAN_MIRROR names another mirror than debootstrap's own.
# Where there is a registry, python:3.12-slim-trixie is the base.
set -euo pipefail
name=$1
prefix=$("$2" -c 'import sys; assert sys.version_info[:2] == (3, 12), "not 3.12"; print(sys.base_prefix)')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What Python itself is linked to.
libraries=ca-certificates,libssl3t64,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,libreadline8t64,zlib1g,libncursesw6,libexpat1,libuuid1
debootstrap --variant=minbase --include="$libraries" trixie "$folder" ${DEBIAN_MIRROR:-} >&2
rm -rf "$folder"/var/cache/apt/archives/*.deb
cp -a "$prefix/." "$folder/usr/local/"
rm -rf "$folder/usr/local/lib/python3.12/test"
chroot "$folder" ldconfig
tar -C "$folder" -c . | podman import - "$name"
