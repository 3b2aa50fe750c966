#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `./bootstrap check` in a tree whose first stage never ends: it says what it will do, and a signal ends it with
# everything that it has started. TAP.
here=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; sed 's/^/#   /' "$dir/out"; fi
}
# Waits until the command is true, a minute at the most.
until_so() { for i in $(seq 600); do "$@" && return 0; sleep 0.1; done; return 1; }
started() { [ -s "$dir/pids" ] && [ "$(wc -l <"$dir/pids")" -eq 3 ]; }
nobody_left() { for pid in $(cat "$dir/pids"); do ! kill -0 "$pid" 2>/dev/null || return 1; done; }

mkdir -p "$dir/tests/tools" "$dir/build"
cp "$here/tests/tools/check-all.sh" "$dir/tests/tools/"
# Like a test: one process in the group of its parent, one in a group of its own, one that ignores SIGTERM.
cat >"$dir/configure" <<'END'
#!/bin/sh
top=${0%/configure}
echo "${MAKEFLAGS-}${MFLAGS-}${MAKELEVEL-}" >"$top/make"
timeout 7200 sleep 3600 &
echo $! >>"$top/pids"
sh -c 'trap "" TERM; echo $$ >>"$0/pids"; while :; do sleep 1; done' "$top" &
echo $$ >>"$top/pids"
wait
END
chmod +x "$dir/configure"

for signal in TERM HUP; do
	rm -rf "$dir/pids" "$dir/build-debug"
	CI='' MAKEFLAGS=' -j9 --jobserver-auth=8,9' MFLAGS=-j9 MAKELEVEL=1 sh "$dir/tests/tools/check-all.sh" >"$dir/out" 2>&1 &
	pid=$!
	until_so started; report "a stage is under way" $?
	kill -$signal $pid; wait $pid; got=$?
	[ $got -ge 129 ]; report "SIG$signal ends it with $got" $?
	grep -q "debug: ended by SIG$signal" "$dir/out"; report "with a line that says so" $?
	until_so nobody_left; report "and nothing that it started is left" $?
done
report "a make that calls it hands no flags down" "$([ -f "$dir/make" ] && ! grep -q . "$dir/make"; echo $?)"
grep -q 'about 45 minutes on 2 cores' "$dir/out"; report "it says at its begin how long it takes" $?

# A tool that is missing is named, with the part that it costs.
mkdir "$dir/bin"
for tool in sh env dirname date nproc rm mkdir touch sed sort comm mv tail cut wc awk grep cat sleep timeout setsid kill find \
	printf xargs uniq head tr; do
	path=$(command -v $tool) && ln -sf "$path" "$dir/bin/$tool"
done
rm -rf "$dir/pids" "$dir/build-debug"
PATH=$dir/bin CI='' sh "$dir/tests/tools/check-all.sh" >"$dir/out" 2>&1 &
pid=$!
until_so started
kill -TERM $pid; wait $pid
grep -q 'missing: clang (stages clang and fuzz)' "$dir/out"; report "it names the tools that it misses, and what for" $?
until_so nobody_left; report "nothing is left" $?

# A test that has ended is a line.
cat >"$dir/configure" <<'END'
#!/bin/sh
mkdir -p tests
printf ':test-result: PASS 1\n:test-result: FAIL 2\n' >tests/test_x.trs
touch tests/test_x.log
echo $$ >>"${0%/configure}/pids"
exec sleep 3600
END
rm -rf "$dir/pids" "$dir/build-debug"
CI='' sh "$dir/tests/tools/check-all.sh" >"$dir/out" 2>&1 &
pid=$!
until_so grep -q 'tests/test_x: 1 passed, 1 FAILED' "$dir/out"; report "a test that has ended is a line" $?
kill -TERM $pid; wait $pid
until_so nobody_left; report "nothing is left" $?
echo "1..$n"
exit $rc
