#!/usr/bin/env bash
# Runs a command beside a Google Cloud Storage of its own: gs://bucket is there, and nothing else of any network.
#
#     tests/support/cloud_storage/run.sh [--latency SECONDS] COMMAND...     # --latency: what each request takes longer
#
# `make gcs-test` runs its tests so; `make .gcs/.ready` installs what it takes. The command's namespaces are its own; users who
# may make some need not be root. At the end the requests are counted by kind.
set -euo pipefail
user=()
if (( EUID )); then user=(--user --map-root-user); fi
exec unshare --net --mount "${user[@]}" python3 "$(dirname "$0")/beside.py" "$@"
