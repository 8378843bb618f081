#!/bin/sh
# What an accelerator must pass before a change to it is merged: lint, bit-exact simulation, synthesis, and no growth
# beyond baseline.json. Reports go to out/ beside this file.
#
#   sh ci/check.sh            check
#   sh ci/check.sh --update   store today's resources and cycles as the baseline, after the other checks
#
# Exit code 1: a check failed; 2: something is missing or wrong.
set -eu
case ${1-} in
  '') action=check ;;
  --update) action=update ;;
  *)
    echo "usage: $0 [--update]" >&2
    exit 2
    ;;
esac
here=$(cd "$(dirname "$0")" && pwd)

# A Hugging Face directory or a llama2.c .bin file.
model=${SDQ_MODEL:-node_modules/sdq-forge/examples/tiny-llama}
# From "sdq plan"; committed, since it decides everything below.
plan=${SDQ_PLAN:-$here/plan.json}
# From "sdq quantize". Empty: made from model and plan, as the same bytes every time.
weights=${SDQ_WEIGHTS:-}
prompt=${SDQ_PROMPT:-Once upon a time}
tokens=${SDQ_TOKENS:-8}
# ice40, ecp5 or xilinx.
target=${SDQ_TARGET:-ecp5}

# Only what is installed: a package of that name must not come from elsewhere.
sdq() { npx --no sdq "$@"; }
step() { printf '\n== %s\n' "$1" >&2; }

out=$here/out
mkdir -p "$out"
# What is left of an earlier run must not pass for a result of this one.
rm -f "$out"/*.json "$out"/*.xml

step 'Generate'
sdq generate --plan "$plan" -o "$out/build" --json >"$out/generate.json"

step 'Lint'
sdq lint "$out/build"

if [ -z "$weights" ]; then
  step 'Quantize'
  weights=$out/weights.sdq
  sdq quantize "$model" --plan "$plan" -o "$weights"
fi

step 'Simulate, and compare every value and cycle count'
sdq simulate "$out/build" --model "$model" --weights "$weights" --prompt "$prompt" --tokens "$tokens" \
  --junit "$out/simulate.xml" --json >"$out/simulate.json"

step 'Synthesise'
sdq synth "$out/build" --target "$target" --json >"$out/synth.json"

step "Baseline: $action"
sdq baseline "$action" "$here/baseline.json" --results "$out/generate.json" "$out/simulate.json" "$out/synth.json"
