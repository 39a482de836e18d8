#!/usr/bin/env bash
# Uploads a video file with curl and jq, and prints the path of its clip.
#
# usage: HOST=URL TOKEN=TOKEN upload.sh FILE [TITLE [COMPETITION]]
#
# HOST is the URL of the service (default http://127.0.0.1:8080). TOKEN is an operator's access token.
set -euo pipefail

HOST=${HOST:-http://127.0.0.1:8080}
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
    echo "usage: HOST=URL TOKEN=TOKEN $0 FILE [TITLE [COMPETITION]]" >&2
    exit 2
fi
: "${TOKEN:?set TOKEN to an access token of an operator}"
file=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Calls the API and prints the reply. If the API refuses the request, prints the problem and exits.
# Repeats a request that is answered 429 or 5xx, after Retry-After or after 1 s, 2 s, 4 s and so on.
api() {
    if ! curl -sS --fail-with-body --retry 8 --retry-max-time 300 -o "$work/reply" \
        -H "Authorization: Bearer $TOKEN" "$@"; then
        cat "$work/reply" >&2
        return 1
    fi
    cat "$work/reply"
}

size=$(wc -c <"$file" | tr -d ' ')
request=$(jq -n --arg filename "$(basename "$file")" --argjson size "$size" \
    --arg title "${2:-}" --arg competition "${3:-}" \
    '{$filename, $size, $title} + if $competition == "" then {} else {$competition} end')
clip=$(api -X POST "$HOST/api/uploads" -H "Idempotency-Key: $(basename "$work")$RANDOM$RANDOM" -d "$request")
path=$(jq -r '"/api/competitions/\(.competition)/clips/\(.clip)"' <<<"$clip")
upload=$(jq .upload <<<"$clip")

if jq -e .url <<<"$upload" >/dev/null; then
    type=$(jq -r '.headers["content-type"]' <<<"$upload")
    url=$(jq -r .url <<<"$upload")
    curl -sS --fail --retry 4 -T "$file" -H "content-type: $type" "$url"
    echo "$path"
    exit
fi

part_size=$(jq .partSize <<<"$upload")
count=$(jq .partCount <<<"$upload")
complete=$(jq -r .complete <<<"$upload")
: >"$work/etags"
while :; do
    jq -r '.parts[] | "\(.partNumber) \(.url)"' <<<"$upload" >"$work/parts"
    while read -r number url; do
        dd if="$file" of="$work/part" bs="$part_size" skip=$((number - 1)) count=1 2>"$work/dd"
        curl -sS --fail --retry 4 -T "$work/part" "$url" -D "$work/headers"
        etag=$(sed -n 's/\r$//; s/^[Ee][Tt]ag: //p' "$work/headers")
        jq -n --argjson partNumber "$number" --arg etag "$etag" '{$partNumber, $etag}' >>"$work/etags"
        echo "part $number of $count sent" >&2
    done <"$work/parts"
    next=$(jq -r '.next // ""' <<<"$upload")
    [ -n "$next" ] || break
    upload=$(api "$HOST$next")
done
jq -s '{parts: .}' "$work/etags" >"$work/complete"
api -X POST "$HOST$complete" -d "@$work/complete" >/dev/null
echo "$path"
