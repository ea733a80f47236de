#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# instructions.sh [VARIANT…]: what a hit is made of, by callgrind: instructions, and the lines that it finds missing in a
# cache of 512 KiB. Both count exactly where times sway. It is the measured loop of the rivals in C++ on one thread: the
# hash of the key, the use of the value and the loop itself are in it.
# VARIANT is ours.cc's: [POLICY][-no-ttl]; without any, the default policy with and without a time to live. (A time to
# live reads the clock: valgrind makes a system call of it, whose instructions are the kernel's.)
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/rivals/callgrind keys=200000 hits=200000
mkdir -p "$out"
[ $# -gt 0 ] || set -- "" -no-ttl
command -v valgrind >/dev/null || { echo "instructions.sh: no valgrind (Debian: valgrind)" >&2; exit 1; }
requests=$out/requests
python3 bench/rivals/zipf.py "$requests" $keys $hits

# The functions as they were compiled, dearest first: what is inlined counts where it went.
functions() { # FILE
  callgrind_annotate --auto=no --show=Ir,DLmr,DLmw "$1" 2>/dev/null |
    sed -n 's/ \[[^]]*\]$//; s/([ 0-9.]*%)//g; s/(anonymous namespace):://g; s/^ *\([0-9][0-9,. ]*\) [^ :]*:\(.*\)/\1 \2/p' |
    sed 's/@@[^ ]*//; s/[(<].*//; s/,//g; s/ [.]/ 0/g' |
    awk -v hits=$hits '{sum[$NF] += $1; missed[$NF] += $2 + $3}
      END {for (name in sum) if (sum[name] >= hits)
        printf "    %-40s%8.1f%8.2f\n", name, sum[name] / hits, missed[name] / hits}' | sort -k2 -rn
}

count() { # NAME PROGRAM VARIANT
  [ -x "build/release/bin/$2" ] || return 0
  echo | valgrind --quiet --tool=callgrind --callgrind-out-file="$out/$1" --toggle-collect='*rivals::replay*' \
    --cache-sim=yes --D1=32768,8,64 --LL=524288,8,64 \
    "build/release/bin/$2" hit $keys "$requests" $hits 1 "$3" >/dev/null 2>"$out/$1.log" || { cat "$out/$1.log" >&2; exit 1; }
  # Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
  awk -v name="$1" -v hits=$hits \
    '$1 == "summary:" {printf "%-44s%8.1f%8.2f\n", name, $2 / hits, ($9 + $10) / hits}' "$out/$1"
  functions "$out/$1"
}

printf '%-44s%8s%8s\n' "a hit of 200,000 keys" instr. misses
for variant in "$@"; do count "ours${variant:+-${variant#-}}" rival_ours "$variant"; done
count absl-map rival_absl_map ""
