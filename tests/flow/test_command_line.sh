#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program as it is called: its words, its exit statuses, and one line on stderr for each error. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
unset CONFIG_FILE
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

# Runs $program with the other arguments, and holds status and output against what is wanted: STATUS,
# then a pattern of grep that a line of stdout or stderr must match.
try() { # SENTENCE STATUS PATTERN ARGUMENTS…
	sentence=$1 status=$2 pattern=$3; shift 3
	"$program" "$@" >out 2>err </dev/null; got=$?
	lines=$(wc -l <err)
	[ "$got" -eq "$status" ] && grep -q -e "$pattern" out err &&
		{ [ "$status" -eq 0 ] || [ "$lines" -le 1 ] || [ $# -eq 1 ]; }
	good=$?
	report "$sentence" $good
	[ $good -eq 0 ] || { echo "#   status $got, wanted $status"; sed 's/^/#   /' out err; }
}

try "no command is an error" 2 'a command is wanted'
try "help lists the commands" 0 '^  agent ' help
try "so does --help" 0 '^  config ' --help
try "so does -h" 0 '^  config ' -h
try "help of a command lists its options" 0 '^  --spool.directory=DIRECTORY' help agent
"$program" help agent >one; "$program" agent --help >two
[ -s one ] && cmp -s one two; report "and is the same as its --help" $?
try "help of an unknown command suggests one" 2 '"agnet"; is agent meant?' help agnet
try "an unknown command suggests one" 2 '"stauts"; is status meant?' stauts
try "an unknown one far from all says where to look" 2 'see spanspool help' xyzzy
try "version says it" 0 '^spanspool [0-9]' version
try "so does --version" 0 '^spanspool [0-9]' --version
try "so does -V" 0 '^spanspool [0-9]' -V
for command in agent drain emit demo status config spool help "spool ls" "spool quarantine" "config show"; do
	try "so does $command --version" 0 '^spanspool [0-9]' $command --version
	try "so does $command -V" 0 '^spanspool [0-9]' $command -V
	try "$command -h shows how it is used" 0 '^usage: spanspool' $command -h
done
for library in librdkafka libcurl libmicrohttpd libuv lmdb libyaml jansson; do
	try "version names $library" 0 "^  $library  *[0-9]*\.[0-9]" version
	try "and in JSON" 0 "\"$library\": \"[0-9]*\.[0-9]" version --json
done
try "a long option with one dash is named as it is" 2 \
	'unknown option -spool.directory; options have two dashes, is --spool.directory meant' agent -spool.directory=x
try "and in JSON" 0 '^{"name": "spanspool", "version": "[0-9]' version --json
try "an unknown option of version is an error" 2 'is --json meant' version --jsn

try "a library's sentence is one line too" 2 'log_level.*outside' config check agent --kafka.producer.brokers=a:1 \
	--kafka.property=log_level=99
try "a quarantine topic is not sent from without a broker" 2 'kafka.consumer.brokers: no broker' drain --from-quarantine
try "and none is no quarantine" 2 'from-quarantine and --drain.quarantine=none' drain --from-quarantine \
	--drain.quarantine=none
try "an unknown option is an error" 2 'spanspool agent: unknown option --spool.max-byte; is --spool.max-bytes meant?' \
	agent --spool.max-byte=1
try "a wrong value is an error" 2 'spanspool agent: --spool.max-bytes: "12q" is not a size' agent --spool.max-bytes=12q
try "so is one that only the command knows to be wrong" 2 '^spanspool agent: --spool.segment-bytes: .* is not between' \
	agent --spool.segment-bytes=1
BIG=$(printf '%0120000d' 0); export BIG
try "a flight without room for two of the largest batches is refused, with the least and why" 2 \
	'^spanspool agent: --flight.max-bytes: 524288 bytes are less than 1040384: .* to a batch of 520008 bytes' \
	agent --flight.max-bytes=512KiB
try "the least follows from the datagrams" 2 '^spanspool agent: --flight.max-bytes: 16000 bytes are less than [0-9]*:' \
	agent --flight.max-bytes=16000 --processor.jaeger-compact.server-max-packet-size=1000 \
	--processor.jaeger-binary.server-max-packet-size=1000 --processor.zipkin-compact.server-host-port=none
try "and from the tags" 2 '^spanspool agent: --flight.max-bytes: 1048576 bytes are less than 12[0-9]*:' \
	agent --flight.max-bytes=1MiB --agent.tags="a=$(printf '%0100000d' 0)"
try "tags that no batch has room for are refused" 2 \
	'^spanspool agent: --agent.tags: with these tags a batch may take [0-9]* bytes, and the spool takes at most 1048576' \
	agent --agent.tags='a=${BIG},b=${BIG},c=${BIG},d=${BIG},e=${BIG}'
unset BIG
for value in --spool.sync=commit --spool.sync=interval=1s '--spool.sync off' --spool.sync --spool.sync-interval=1s; do
	try "$value is refused, with what took its place" 2 \
		'^spanspool agent: --spool.sync.*: is gone: every commit is synced; spool.exposure sets' agent $value
done
printf 'spool:\n  sync: commit\n' >sync.yaml
echo 'spool.sync:' >empty.yaml
try "in the file too, with its line" 2 '^spanspool agent: sync.yaml:2: spool.sync: is gone: ' agent --config-file=sync.yaml
try "though it has no value there" 2 '^spanspool agent: empty.yaml:1: spool.sync: is gone: ' \
	agent --config-file=empty.yaml
SPOOL_SYNC=off; export SPOOL_SYNC
try "and in the environment" 2 '^spanspool agent: SPOOL_SYNC: is gone: ' agent
unset SPOOL_SYNC
printf '\nspool:\n  max-bytes: 12q\n' >wrong.yaml
try "in the file too, with its line" 2 '^spanspool agent: wrong.yaml:3: spool.max-bytes: "12q" is not a size' \
	agent --config-file=wrong.yaml

try "config wants a verb" 2 '^usage: spanspool config' config
try "config check is content" 0 'the options of agent are fine' config check agent
try "or says what is wrong" 2 '^spanspool config: wrong.yaml:3: ' config check agent --config-file wrong.yaml
try "the agent is meant when no command is named" 0 'the options of agent are fine' config check --spool.max-bytes=1G
try "config show names value and source" 0 '^spool.max-bytes  *1G  *flag$' config show agent --spool.max-bytes=1G
try "and masks secrets" 0 'sasl.password=\*\*\*\*' config show agent --kafka.property sasl.password=sesame
try "of a command without options it says so" 2 'has no options' config show version
try "of an unknown one it suggests one" 2 'is agent meant?' config show agnet
"$program" config sample agent >sample.yaml
try "the sample is a file that is taken" 0 'are fine' config check agent --config-file=sample.yaml
sed 's/^#\([a-z]\)/\1/' sample.yaml >all.yaml
try "and still when every line of it counts" 0 'are fine' config check agent --config-file=all.yaml

SPOOL_MAX_BYTES=3G "$program" config show agent >out
grep -q '^spool.max-bytes  *3G  *environment SPOOL_MAX_BYTES$' out; report "a variable sets an option" $?
printf 'spool.max-bytes: 4G\n' >good.yaml
CONFIG_FILE=good.yaml "$program" config show agent >out
grep -q '^spool.max-bytes  *4G  *good.yaml:1$' out; report "CONFIG_FILE names a file" $?

# Variables of one common word stand in many an environment for something else.
LIMIT=5 TIMEOUT=bogus RATE=100000 EXPOSURE=x JSON=x SINCE=x FORMAT=x DURATION=x; export LIMIT TIMEOUT RATE EXPOSURE JSON SINCE
export FORMAT DURATION
for command in spool emit demo status; do
	try "variables of other programs change nothing for $command" 0 'are fine' config check $command
done
"$program" config show spool >out; grep -q environment out; [ $? -eq 1 ]; report "and set nothing" $?
SPANSPOOL_LIMIT=7 "$program" config show spool >out
grep -q '^limit  *7  *environment SPANSPOOL_LIMIT$' out; report "with the prefix they count" $?
unset LIMIT TIMEOUT RATE EXPOSURE JSON SINCE FORMAT DURATION
SPANSPOOL_RATE=x; export SPANSPOOL_RATE
try "and are checked" 2 '^spanspool config: SPANSPOOL_RATE: "x" is not a count' config check emit
unset SPANSPOOL_RATE
LOG_LEVEL=noisy LOG_ENCODING=xml; export LOG_LEVEL LOG_ENCODING
"$program" config check agent >out 2>err && grep -q 'LOG_LEVEL: "noisy" is not one of debug, info, warn, error; the variable is ignored' err &&
	grep -q 'LOG_ENCODING: .*ignored' err; report "LOG_LEVEL that is unusable is warned of and ignored" $?
try "and so it is by a tool, without a word" 0 'are fine' config check emit
[ ! -s err ]; report "without a word" $?
unset LOG_LEVEL LOG_ENCODING
try "the flag must be right" 2 '^spanspool config: --log-level: "noisy" is not one of' config check agent --log-level=noisy
for level in trace debug info warn warning error fatal panic DPANIC; do
	try "log level $level is understood" 0 'are fine' config check agent --log-level=$level
done
for command in agent drain spool emit demo status; do
	"$program" config show $command --config-file=/dev/null --kafka.consumer.brokers=a:1 >out 2>err ||
		"$program" config show $command >out
	awk 'length > 80 { print; wide = 1 } END { exit wide }' out; report "config show $command fits 80 columns" $?
done

if [ -e /dev/full ]; then
	"$program" config show agent >/dev/full 2>err; got=$?
	[ $got -eq 1 ] && grep -q 'could not be written' err; report "output that is lost is an error" $?
	try "an end before the begin is an error" 2 'until: is before --since' spool export --since=1h --until=2h
fi

# The reader of a pipe is gone before anything is written; also for whoever ignores SIGPIPE, as supervisors do.
for command in "help agent" "agent --help" version "config show agent"; do
	mkfifo gone
	cat gone >/dev/null & reader=$!
	exec 3>gone
	kill $reader; wait $reader 2>/dev/null
	(trap '' PIPE; exec "$program" $command >&3 2>err); got=$?
	exec 3>&-; rm gone
	[ $got -eq 1 ] && [ ! -s err ]; report "$command, and nobody reads: no words about it" $?
done

ln -s "$program" jaeger-agent
./jaeger-agent --help | grep -q 'usage: spanspool agent'; report "under the name jaeger-agent, flags are the agent's" $?
./jaeger-agent version | grep -q '^{"gitCommit":'; report "and words are that agent's commands" $?
./jaeger-agent agent --help | grep -q 'usage: spanspool agent'; report "and agent" $?
echo "1..$n"
exit $rc
