#!/bin/sh
# Uploads a video with nothing but curl: upload.sh FILE [TITLE [COMPETITION]]
# HOST is the service (http://127.0.0.1:8080 by default), TOKEN the operator's.
# Prints the path of the clip.
set -eu

HOST=${HOST:-http://127.0.0.1:8080}
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
    echo "usage: HOST=URL TOKEN=TOKEN $0 FILE [TITLE [COMPETITION]]" >&2
    exit 2
fi
: "${TOKEN:?set TOKEN to the access token of an operator}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A text as JSON has it.
json() { printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"; }

# The texts or numbers of a field, a line each.
field() { grep -o "\"$1\":\(\"[^\"]*\"\|[0-9]*\)" | sed 's/^[^:]*://; s/^"//; s/"$//'; }

# Calls the service; what it refuses is shown as it says it.
api() {
    if ! curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" "$@" >"$work/reply"; then
        cat "$work/reply" >&2
        exit 1
    fi
}

size=$(wc -c <"$1" | tr -d ' ')
body="{\"filename\":$(json "$(basename "$1")"),\"size\":$size,\"title\":$(json "${2:-}")"
[ -z "${3:-}" ] || body="$body,\"competition\":$(json "$3")"
api -D "$work/headers" -X POST "$HOST/api/uploads" -d "$body}"
clip=$(sed -n 's/\r$//; s/^[Ll]ocation: //p' "$work/headers")

if ! grep -q '"parts":' "$work/reply"; then
    type=$(field content-type <"$work/reply")
    curl -sS --fail --retry 4 -T "$1" -H "content-type: $type" "$(field url <"$work/reply")"
    echo "$clip"
    exit
fi

complete=$(field complete <"$work/reply")
part_size=$(field partSize <"$work/reply")
count=$(field partCount <"$work/reply")
: >"$work/etags"
while :; do
    field partNumber <"$work/reply" >"$work/numbers"
    sed 's/.*"parts"://' "$work/reply" | field url >"$work/urls"
    paste "$work/numbers" "$work/urls" >"$work/parts"
    next=$(field next <"$work/reply" || true)
    while IFS='	' read -r number url; do
        dd if="$1" of="$work/part" bs="$part_size" skip=$((number - 1)) count=1 2>"$work/dd"
        curl -sS --fail --retry 4 -T "$work/part" "$url" -D "$work/headers"
        etag=$(sed -n 's/\r$//; s/^[Ee][Tt]ag: //p' "$work/headers")
        printf '{"partNumber":%s,"etag":%s}\n' "$number" "$(json "$etag")" >>"$work/etags"
        echo "part $number of $count" >&2
    done <"$work/parts"
    [ -n "$next" ] || break
    api "$HOST$next"
done
api -X POST "$HOST$complete" -d "{\"parts\":[$(paste -sd, "$work/etags")]}"
echo "$clip"
