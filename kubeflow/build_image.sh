#!/usr/bin/env bash
# Builds kubeflow/Dockerfile with Docker, or with podman where no Docker engine answers.
#
#     kubeflow/build_image.sh IMAGE [STAGE]
#
# ACCELERATOR ("gpu" or "tpu") adds the libraries for one. BASE names another base image. Where podman builds and no
# registry answers, base_image.sh makes one. This machine's certificate authorities serve podman's build too.
set -euo pipefail
cd "$(dirname "$0")/.."
python=3.12
# tensorflow-tpu has no release of TFX 1.21's TensorFlow, but one of TFX 1.16's.
if [[ "${ACCELERATOR:-}" == tpu ]]; then python=3.10; fi
usual=docker.io/library/python:$python-slim-trixie
own=localhost/transferline-base:3.12
docker info > /dev/null 2>&1 && engine=docker || engine=podman

if [[ $engine == podman && -z "${BASE:-}" ]] && ! podman image exists $usual && ! podman pull --quiet $usual; then
  [[ $python == 3.12 ]] || { echo "Name an image with Python $python by BASE: base_image.sh makes one with 3.12." >&2; exit 2; }
  BASE=$own
  podman image exists $own || kubeflow/base_image.sh $own "$(./choose_python.sh .tools/bin/uv 3.12)"
fi

arguments=(--file kubeflow/Dockerfile --tag "$1")
if [[ -n "${2:-}" ]]; then arguments+=(--target "$2"); fi
arguments+=(--build-arg "BASE=${BASE:-$usual}")
if [[ -n "${ACCELERATOR:-}" ]]; then arguments+=(--build-arg "ACCELERATOR=$ACCELERATOR"); fi
for name in PIP_CERT SSL_CERT_FILE; do
  if [[ -n "${!name:-}" ]]; then arguments+=(--build-arg "$name=${!name}"); fi
done
if [[ $engine == docker ]]; then
  docker build "${arguments[@]}" .
else
  podman --runtime runc build --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network host \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro "${arguments[@]}" .
fi
