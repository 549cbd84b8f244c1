#!/usr/bin/env bash
# Runs the tests on the image's libraries: TFX 1.21 where this machine's C library is too old for it, too.
#
#     kubeflow/test_in_image.sh IMAGE [WORDS...]     # IMAGE: the stage "locked"; WORDS: what to run, `make test` if none
#
# The repository is copied into the container, with the folder `../shared` beside it if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."
image=$1
shift
words=${*:-make test}
mounts=(--volume "$PWD:/repository:ro")
if [[ -d ../shared ]]; then mounts+=(--volume "$(cd ../shared && pwd):/srv/shared:ro"); fi
engine=(docker run)
if ! docker info > /dev/null 2>&1; then
  engine=(podman --runtime runc run --ulimit nofile=4096:4096 --ulimit nproc=4096:4096)
  # The same certificate authorities as when the image was built.
  mounts+=(--volume /etc/ssl/certs:/etc/ssl/certs:ro)
fi
# The default profile may forbid the network namespace that training's workers share.
"${engine[@]}" --rm --network host --security-opt seccomp=unconfined "${mounts[@]}" --env PIP_CERT --env SSL_CERT_FILE "$image" bash -euo pipefail -c "
  mkdir -p /srv/main && cd /srv/main
  tar -C /repository --exclude=./.venv --exclude=./.tools --exclude=./.gcs --exclude=./.flink -c . | tar -x
  make browser || echo 'no Chromium here: the tests of the report in a browser will be skipped' >&2
  make database || echo 'no PostgreSQL here: the tests of metadata on it will be skipped' >&2
  # The environment of the image is the one that make would set up.
  ln -s /opt/transferline .venv && ln -s /opt/uv .tools && touch .venv/.ready .tools/bin/uv
  /opt/uv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
  $words"
