#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Reads etc/Dockerfile as a builder would, and holds it against the rest of the
# project. `make check-docker' builds it, where there is a builder.
set -eu
top_builddir=${top_builddir:-.}
cd "${top_srcdir:-.}"
. test/lib/point.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One instruction a line, without comments.
sed -e '/^[[:space:]]*#/d' -e '/^[[:space:]]*$/d' etc/Dockerfile |
    awk '{ if (sub(/\\$/, "")) printf "%s ", $0; else print }' >"$work/lines"

# lines INSTRUCTION: what stands behind it, in the last stage.
lines() {
	awk -v name="$1" '$1 == "FROM" { n = 0 }
	    $1 == name { sub(/^[A-Z]+[ \t]+/, ""); text[n++] = $0 }
	    END { for (i = 0; i < n; i++) print text[i] }' "$work/lines"
}

point "every instruction is known" "$(awk '{ print $1 }' "$work/lines" |
    grep -vxE 'FROM|RUN|WORKDIR|COPY|USER|EXPOSE|VOLUME|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT' || true)"
point "it begins with FROM" "$(sed -n 1p "$work/lines" | grep -v '^FROM ' || true)"
point "two stages, of Debian slim" "$(grep '^FROM ' "$work/lines" |
    grep -vE '^FROM debian:[a-z]+-slim( AS [a-z]+)?$' || true
    [ "$(grep -c '^FROM ' "$work/lines")" = 2 ] || echo 'not two')"
point "no continued line is left open" "$(grep '\\$' "$work/lines" || true)"
point "the configuration is a file: no variables" \
    "$(grep -E '^(ENV|ARG) ' "$work/lines" || true)"

bad=
grep '^COPY ' "$work/lines" | grep -v -- '--from=' >"$work/copies"
while read -r _ source _; do
	[ -e "$source" ] || bad="$bad $source"
done <"$work/copies"
point "what is copied exists" "$bad"
bad=
for stage in $(sed -n 's/^COPY --from=\([^ ]*\).*/\1/p' "$work/lines"); do
	grep -q "^FROM .* AS $stage\$" "$work/lines" || bad="$bad $stage"
done
point "each stage copied from exists" "$bad"

user=$(lines USER | tail -n 1)
bad=
case $user in '' | root | 0*) bad="it runs as '$user'" ;; esac
grep -q "useradd .*\<$user\>" "$work/lines" || bad="nothing makes user $user"
point "it runs as a user of its own" "$bad"
point "the daemon stays in the foreground" \
    "$([ "$(lines ENTRYPOINT)" = '["/usr/sbin/mailseald", "-f"]' ] ||
    lines ENTRYPOINT)"

port=$(sed -n 's/^Metrics inet:\([0-9]*\)@127\.0\.0\.1$/\1/p' etc/docker.conf)
point "the health check asks /healthz where the configuration has it" \
    "$(lines HEALTHCHECK | grep -q "http://127.0.0.1:$port/healthz\"" ||
    echo "not on port $port")"
for list in EXPOSE VOLUME STOPSIGNAL; do
	point "$list" "$([ -n "$(lines $list)" ] || echo none)"
done
port=$(sed -n 's/^Socket inet:\([0-9]*\)@.*/\1/p' etc/docker.conf)
point "the port of the socket is exposed" \
    "$(lines EXPOSE | grep -vx "$port" || true)"
point "its configuration is right" "$("$top_builddir/milter/mailseald" -n \
    -c etc/docker.conf >"$work/out" 2>&1 || cat "$work/out")"

packages=$(sed -n 's/^deb_packages="\(.*\)"$/\1/p' setup)
bad=
for package in $packages; do
	grep -qw -- "$package" "$work/lines" || bad="$bad $package"
done
point "the builder has setup's packages" "$bad"
echo "1..$n"
