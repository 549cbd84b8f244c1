#!/usr/bin/env bash
# Prints the Python that `make setup` takes here: its path, or a version that uv fetches where none is installed.
#
#     ./choose_python.sh UV [VERSION]      # UV: the uv to look with; VERSION: what somebody decided instead
#
# TFX 1.21, for Python 3.11 to 3.13, has wheels for glibc 2.39 and newer. An older system gets TFX 1.16 and Python 3.10,
# both past their end of life. Of several that are installed the first of the list is taken.
set -euo pipefail
uv=$1
glibc=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
older=$(printf '%s\n' "$glibc" 2.39 | sort --version-sort | head -n 1)
if [[ -n ${2:-} ]]; then versions=("$2")
elif [[ $older == 2.39 ]]; then versions=(3.12 3.13 3.11)
else versions=(3.10); fi
# uv looks on PATH, where pyenv shows one version at a time.
mapfile -t pyenv < <(printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin | sort --version-sort --reverse)
PATH+=$(printf ':%s' "${pyenv[@]}")
for version in "${versions[@]}"; do
  if "$uv" python find --system --no-python-downloads "$version" 2> /dev/null; then exit; fi
done
echo "${versions[0]}"
