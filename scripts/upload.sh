#!/usr/bin/env bash
# Uploads a video file with curl and jq, and prints the path of its clip.
#
# usage: HOST=URL TOKEN=TOKEN upload.sh FILE [TITLE [COMPETITION]]
#
# HOST is the URL of the service (default http://127.0.0.1:8080). TOKEN is an operator's access token.
# For an upload that takes longer than a token is valid, set TOKEN_COMMAND to a command that prints a
# new one. It runs each time that the service refuses the token.
set -euo pipefail

HOST=${HOST:-http://127.0.0.1:8080}
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
    echo "usage: HOST=URL TOKEN=TOKEN $0 FILE [TITLE [COMPETITION]]" >&2
    exit 2
fi
if [ -z "${TOKEN:-}" ]; then
    : "${TOKEN_COMMAND:?set TOKEN to an access token of an operator, or TOKEN_COMMAND to a command that prints one}"
    TOKEN=$(bash -c "$TOKEN_COMMAND")
fi
# A path that begins with a hyphen would look like an option.
case $1 in /*) file=$1 ;; *) file=./$1 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# curl, without patterns in URLs and file names, such as "race [final].mp4". It repeats a request that
# was throttled or failed on the way, and waits as long as Retry-After says.
retries=(--retry 8)
send() {
    curl -gsS "${retries[@]}" "$@"
}

# Calls the API. The reply is in $work/reply. If the API refuses the request, prints the problem.
api() {
    local status renewed=
    while :; do
        status=$(send -o "$work/reply" -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "$@") || return
        case $status in
        2??) return ;;
        401)
            if [ -z "${TOKEN_COMMAND:-}" ]; then
                echo "The token is not valid or has expired. Set TOKEN_COMMAND to a command that prints a new one." >&2
            elif [ -z "$renewed" ]; then
                renewed=yes
                TOKEN=$(bash -c "$TOKEN_COMMAND")
                continue
            fi
            ;;
        esac
        cat "$work/reply" >&2
        return 1
    done
}

# The API takes no control characters, such as tabs, and no backslashes in names of files.
name=$(basename "$file")
name=${name//[[:cntrl:]\\]/ }
size=$(wc -c <"$file" | tr -d ' ')
request=$(jq -n --arg filename "$name" --argjson size "$size" \
    --arg title "${2:-}" --arg competition "${3:-}" \
    '{$filename, $size, $title} + if $competition == "" then {} else {$competition} end')
key=$(basename "$work")$RANDOM$RANDOM

# Creates the upload. With the same key, this presigns the URLs of the same upload again.
announce() {
    api -X POST "$HOST/api/uploads" -H "Idempotency-Key: $key" -d "$request"
    clip=$(cat "$work/reply")
    upload=$(jq .upload <<<"$clip")
}

# Presigns the URLs of 100 parts, starting with one of them.
list_parts() {
    api "$HOST${complete%/complete}/parts?from=$1"
    upload=$(cat "$work/reply")
}

# Sends a file to a URL. Succeeds if S3 has accepted it, and fails if the URL must be presigned again:
# S3 answers 403 if it has expired, and 400 if the credentials that presigned it have.
put() {
    local status
    status=$(send -o "$work/refusal" -D "$work/headers" -w '%{http_code}' -T "$@") || status=000
    case $status in
    200)
        refusals=0
        return
        ;;
    400 | 403)
        refusals=$((refusals + 1))
        if [ "$refusals" -le 5 ]; then return 1; fi
        ;;
    esac
    echo "S3 refused the file (HTTP status $status):" >&2
    cat "$work/refusal" >&2
    exit 1
}

refusals=0
announce
# From here on, the line may be down for half an hour.
retries=(--retry 12 --retry-all-errors)
path=$(jq -r '"/api/competitions/\(.competition)/clips/\(.clip)"' <<<"$clip")

if jq -e .url <<<"$upload" >/dev/null; then
    type=$(jq -r '.headers["content-type"]' <<<"$upload")
    until put "$file" -H "content-type: $type" "$(jq -r .url <<<"$upload")"; do
        announce
    done
    echo "$path"
    exit
fi

part_size=$(jq .partSize <<<"$upload")
count=$(jq .partCount <<<"$upload")
complete=$(jq -r .complete <<<"$upload")
: >"$work/etags"
for ((number = 1; number <= count; number++)); do
    dd if="$file" of="$work/part" bs="$part_size" skip=$((number - 1)) count=1 2>"$work/dd"
    while :; do
        # URLs are renewed a minute before they expire.
        url=$(jq -r --argjson number "$number" '
            if (.expiresAt | sub("\\.[0-9]+"; "") | fromdate) < now + 60 then empty
            else .parts[] | select(.partNumber == $number).url end' <<<"$upload")
        if [ -z "$url" ]; then
            list_parts "$number"
            url=$(jq -r '.parts[0].url' <<<"$upload")
        fi
        if put "$work/part" "$url"; then break; fi
        list_parts "$number"
    done
    etag=$(sed -n 's/\r$//; s/^[Ee][Tt]ag: //p' "$work/headers")
    jq -n --argjson partNumber "$number" --arg etag "$etag" '{$partNumber, $etag}' >>"$work/etags"
    echo "part $number of $count sent" >&2
done
jq -s '{parts: .}' "$work/etags" >"$work/complete"
api -X POST "$HOST$complete" -d "@$work/complete"
echo "$path"
