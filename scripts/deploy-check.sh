#!/bin/sh
# Checks what deploy/ holds as far as that goes without installing anything: that the container's build finds a whole
# workspace in what is copied into it, and that systemd understands the unit.
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The build stage only: the last stage copies from it.
sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' deploy/Containerfile | while read -r sources; do
    for source in $sources; do
        [ -e "$source" ] || { echo "deploy/Containerfile: $source does not exist" >&2; exit 1; }
        git ls-files --error-unmatch "$source" >/dev/null 2>&1 || [ -n "$(git ls-files "$source")" ] ||
            { echo "deploy/Containerfile: $source is not in the repository" >&2; exit 1; }
        git ls-files -z "$source" | xargs -0 cp --parents --target-directory "$folder"
    done
done
package=$(sed -n 's/^RUN cargo build .*--package \([a-z-]*\)$/\1/p' deploy/Containerfile)
(cd "$folder" && cargo tree --locked --offline --quiet --package "$package" --depth 0) >/dev/null ||
    { echo "deploy/Containerfile: what is copied is no whole workspace" >&2; exit 1; }

if command -v systemd-analyze >/dev/null; then
    # The program need not be installed for that.
    sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' deploy/recoup-indexer.service >"$folder/recoup-indexer.service"
    said=$(systemd-analyze verify "$folder/recoup-indexer.service" 2>&1) || { echo "$said" >&2; exit 1; }
    [ -z "$said" ] || { echo "$said" >&2; exit 1; }
else
    echo "deploy: no systemd-analyze here; the unit was not checked"
fi
echo "deploy: the container's sources and the unit are whole"
