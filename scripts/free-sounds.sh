#!/usr/bin/env bash
# Makes a small corpus of free everyday sounds from Debian packages: negatives, with a few positives, for training the
# sound network. The choice, the labels and the licences are in free-sounds.csv; nothing is decoded or installed.
#
#   scripts/free-sounds.sh DIR [LIST]
#
# Writes DIR/audio/PACKAGE/... and DIR/manifest.csv (path,label,split,group). LIST is free-sounds.csv beside this script
# unless given. About 590 MB are downloaded, one package at a time; what stays is some 160 MB.
# Exit status: 0 when every file of the list is there, 1 when some are not (they are named, and left out of the
# manifest), 2 when nothing could be done.
set -euo pipefail

fail() {
    echo "free-sounds: $1" >&2
    exit 2
}

[ $# -ge 1 ] && [ $# -le 2 ] || fail "please say where to put the sounds: $0 DIR [LIST]"
dir=$1
list=${2:-$(dirname -- "${BASH_SOURCE[0]}")/free-sounds.csv}
[ -r "$list" ] || fail "cannot read the list of sounds: $list"
for tool in apt-get dpkg-deb tar awk; do
    command -v "$tool" >/dev/null || fail "this needs $tool, so a Debian system or one like it; it is not here."
done
header=$(head -n 1 -- "$list")
[ "$header" = package,path,label,split,group,kind,licence ] || fail "this is not a list of free sounds: $list"
# Names in the list hold no commas, quotes or "..", so splitting at commas is enough, and nothing lands outside DIR.
awk -F, 'NF != 7 || /"/ || $2 !~ /^usr\/share\// || $1 !~ /^[a-z0-9][a-z0-9.+-]+$/ || /\.\.\// { exit 1 }' \
    < <(tail -n +2 -- "$list") || fail "a line of the list is malformed: $list"

mkdir -p -- "$dir/audio" || fail "cannot make the folder $dir/audio"
dir=$(cd -- "$dir" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# One package: download what apt offers, check nothing else in it, and keep only the files of the list.
# A package whose files are all there already is not downloaded again.
take_package() {
    local package=$1 path wanted=()
    while IFS= read -r path; do
        [ -s "$dir/audio/$package/${path#usr/share/}" ] || wanted+=("./$path")
    done < <(awk -F, -v package="$package" 'NR > 1 && $1 == package { print $2 }' "$list")
    [ ${#wanted[@]} -gt 0 ] || return 0
    echo "free-sounds: $package (${#wanted[@]} files)"
    rm -f -- "$work"/*
    if ! (cd -- "$work" && apt-get download -qq "$package" >apt.log 2>&1); then
        echo "free-sounds: apt has no $package, or could not download it: $(tail -n 1 "$work/apt.log")" >&2
        return 0
    fi
    mkdir -p -- "$dir/audio/$package"
    printf '%s\n' "${wanted[@]}" >"$work/wanted"
    # tar reports the files that this version of the package lacks; the manifest step below names them.
    dpkg-deb --fsys-tarfile "$work/$package"_*.deb |
        tar -x --strip-components=3 -C "$dir/audio/$package" --no-same-owner --no-same-permissions \
            --no-wildcards -T "$work/wanted" 2>"$work/tar.log" || true
}

while IFS= read -r package; do
    take_package "$package"
done < <(awk -F, 'NR > 1 && !seen[$1]++ { print $1 }' "$list")

echo path,label,split,group >"$work/manifest.csv"
missing=0
while IFS=, read -r package path label split group _; do
    file=audio/$package/${path#usr/share/}
    if [ -s "$dir/$file" ] && [ ! -L "$dir/$file" ]; then
        echo "$file,$label,$split,$group" >>"$work/manifest.csv"
    else
        missing=$((missing + 1))
        echo "free-sounds: missing: $package $path" >&2
    fi
done < <(tail -n +2 -- "$list")
mv -- "$work/manifest.csv" "$dir/manifest.csv"

echo "free-sounds: $(($(wc -l <"$dir/manifest.csv") - 1)) sounds in $dir, $missing missing"
[ "$missing" -eq 0 ] || exit 1
