#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion: what `spanspool completion words` offers is what --help says, and bash, zsh and fish, each typed to on a
# terminal of its own, complete with it. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
cd "${srcdir:-.}" || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0; rc=0

report() { # SENTENCE WHAT-IS-WRONG
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else echo "not ok $n - $1: $2"; rc=1; fi
}
is() { # SENTENCE GOT WANTED
	[ "$2" = "$3" ] && report "$1" "" || report "$1" "got \"$2\", wanted \"$3\""
}
skip_or_fail() { # SENTENCE WHY
	n=$((n + 1))
	if [ "${CI-}" = true ]; then echo "not ok $n - $1: $2"; rc=1; else echo "ok $n - $1 # SKIP $2"; fi
}
words() { "$program" completion words "$@" | cut -f1 | tr '\n' ' '; }
of_help() { "$program" "$@" --help | sed -n 's/^  --\([a-z0-9.-]*\).*/--\1/p' | sort -u | tr '\n' ' '; }
names() { words spanspool "$@" -- | tr ' ' '\n' | sed 's/=$//' | grep -vx -e --help -e '' | sort -u | tr '\n' ' '; }

commands=$("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | tr '\n' ' ')
is "the first word is a command" "$(words spanspool '')" "$commands--help --version "
for command in agent drain status emit demo 'spool stat' 'spool export' 'spool quarantine retry'; do
	# shellcheck disable=SC2086
	is "$command completes the options of its help" "$(names $command)" "$(of_help $command)"
done
is "config show COMMAND has the options of COMMAND" "$(names config show drain)" "$(of_help drain)"
is "and of a command of the other program" "$(names config check emit)" "$(of_help emit)"
is "without a command it has those of the agent" "$(names config check)" "$(of_help agent)"
is "under the name jaeger-agent options are the agent's" \
	"$(words /usr/bin/jaeger-agent --spool.max)" "--spool.max-bytes= --spool.max-age= "
is "an option that is true or false needs no value" "$(words spanspool agent --kafka.producer.head)" "--kafka.producer.headers "
is "the values of a choice, behind =" "$(words spanspool agent --spool.on-full=)" \
	"--spool.on-full=drop-newest --spool.on-full=drop-oldest "
is "and as a word of their own" "$(words spanspool agent --log-level w)" "warn "
is "none is an address where a port may be switched off" "$(words spanspool agent --admin.http.host-port=)" \
	"--admin.http.host-port=none "
is "and not elsewhere" "$(words spanspool status --admin.http.host-port=)" ""
is "an unknown command completes nothing" "$(words spanspool nonsense --)" ""
is "a removed option is not offered" "$(words spanspool agent --spool.sync)" ""
is "names of a directory" "$(words spanspool agent --spool.directory=/var)" ":directory "
is "names of a file that holds a property" "$(words spanspool agent --kafka.property-file=sasl.password=/etc)" ":file "
wrong=
for command in agent drain; do
	for name in $(names $command); do
		case $name in
		*.property-file) ;;
		*-file | *.ca | *.client-ca | *.cert | *.key)
			[ "$(words spanspool "$command" "$name=")" = ":file " ] || wrong="$wrong $name" ;;
		esac
	done
done
report "each option that takes a file completes its name (CONF_FILE_NAME)" "$wrong"
"$program" completion csh >"$work/out" 2>&1
is "another shell is a usage error" $? 2
for shell in bash zsh fish; do
	report "completion $shell is the file that is installed" \
		"$("$program" completion $shell | cmp - etc/completion/spanspool.$shell 2>&1)"
done

# ---- real shells: a program named spanspool completes, or else notes its arguments ----
mkdir "$work/bin" "$work/files" "$work/files/spool-1" "$work/home"
touch "$work/files/agent.yaml"
cat >"$work/bin/spanspool" <<SCRIPT
#!/bin/sh
[ "\$1" = completion ] && exec "$program" "\$@"
{ printf '[%s]' "\$@"; echo; } >"$work/args.new"
mv "$work/args.new" "$work/args"
SCRIPT
chmod +x "$work/bin/spanspool"
ln -s spanspool "$work/bin/jaeger-agent"
cat >"$work/type.py" <<'PYTHON'
import os, pty, select, sys, time
work, shell, typed = sys.argv[1:4]
argv = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}[shell]
setup = {
    "bash": "source <(spanspool completion bash); PS1='REA''DY '\r",
    "zsh": "autoload -U compinit; compinit -D; source <(spanspool completion zsh); PS1='REA''DY '\r",
    "fish": "spanspool completion fish | source; function fish_prompt; echo -n REA''DY' '; end\r",
}[shell]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PATH=work + "/bin:" + os.environ["PATH"], HOME=work + "/home", TERM="dumb" if shell != "fish" else "xterm")
    os.chdir(work + "/files")
    os.execvp(argv[0], argv)
seen, deadline = b"", time.time() + 30
def until(done):
    global seen
    while not done():
        if time.time() > deadline:
            sys.exit("nothing came of it; the terminal has: %r" % seen[-400:])
        if select.select([fd], [], [], 0.1)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                sys.exit("the shell has ended; the terminal has: %r" % seen[-400:])
os.write(fd, setup.encode())
until(lambda: b"READY" in seen)
os.write(fd, typed.encode().decode("unicode_escape").encode())
until(lambda: os.path.exists(work + "/args"))
print(open(work + "/args").read().strip())
os.close(fd)
os.kill(pid, 9)
os.waitpid(pid, 0)
PYTHON
typed() { # SHELL KEYS WANTED
	rm -f "$work/args"
	is "$1: $2" "$(python3 "$work/type.py" "$work" "$1" "$2" 2>&1)" "$3"
}
for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null 2>&1 || ! command -v python3 >/dev/null 2>&1; then
		skip_or_fail "$shell completes" "there is no $shell, or no python3"
		continue
	fi
	typed $shell 'spanspool ag\t\r' '[agent]'
	typed $shell 'spanspool agent --spool.exp\t5s\r' '[agent][--spool.exposure=5s]'
	typed $shell 'spanspool agent --spool.on-full=drop-n\t\r' '[agent][--spool.on-full=drop-newest]'
	typed $shell 'spanspool agent --spool.on-full drop-n\t\r' '[agent][--spool.on-full][drop-newest]'
	typed $shell 'spanspool agent --config-file=ag\t\r' '[agent][--config-file=agent.yaml]'
	typed $shell 'spanspool agent --config-file ag\t\r' '[agent][--config-file][agent.yaml]'
	typed $shell 'spanspool agent --config-file=../files/ag\t\r' '[agent][--config-file=../files/agent.yaml]'
	typed $shell 'spanspool agent --kafka.property-file=sasl.password=ag\t\r' \
		'[agent][--kafka.property-file=sasl.password=agent.yaml]'
	slash=/; [ $shell = zsh ] && slash= # zsh takes it away again at the end of a line
	typed $shell 'spanspool agent --spool.directory=sp\t\r' "[agent][--spool.directory=spool-1$slash]"
	typed $shell 'spanspool spool quarantine ret\t--al\t\r' '[spool][quarantine][retry][--all]'
	typed $shell 'jaeger-agent --spool.exp\t5s\r' '[--spool.exposure=5s]'
done

echo "1..$n"
exit $rc
