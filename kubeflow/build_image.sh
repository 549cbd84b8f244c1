#!/usr/bin/env bash
# Builds kubeflow/Dockerfile with Docker, or with podman where no Docker engine answers.
#
#     kubeflow/build_image.sh IMAGE [STAGE]
#
# BASE names another base image. Where podman builds, this machine's certificate authorities serve the build too.
set -euo pipefail
cd "$(dirname "$0")/.."
arguments=(--file kubeflow/Dockerfile --tag "$1")
if [[ -n "${2:-}" ]]; then arguments+=(--target "$2"); fi
if [[ -n "${BASE:-}" ]]; then arguments+=(--build-arg "BASE=$BASE"); fi
for name in PIP_CERT SSL_CERT_FILE; do
  if [[ -n "${!name:-}" ]]; then arguments+=(--build-arg "$name=${!name}"); fi
done
if docker info > /dev/null 2>&1; then
  docker build "${arguments[@]}" .
else
  podman --runtime runc build --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network host \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro "${arguments[@]}" .
fi
