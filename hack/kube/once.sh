# Sourced by build.sh here and by hack/cluster/build.sh: builds programs from pinned Go modules once for all checkouts of a machine.

# module_version MODULE prints the version that the go.mod in the working directory pins.
module_version() { awk -v module="$1" '$1 == module { print $2; exit } $1 == "require" && $2 == module { print $3; exit }' go.mod; }

# cache_folder NAME VERSION prints where the programs of the module in the working directory are kept. Its name changes with
# everything that the module pins, so an upgrade of any dependency builds anew.
cache_folder() { echo "${KITH_CACHE:-$HOME/.cache/kith}/$1/$2-$(cat go.mod go.sum $(compgen -G '*.go') | sha256sum | cut -c 1-8)"; }

# build_once FOLDER TITLE TAGS LDFLAGS PACKAGE... builds packages of the module in the working directory into FOLDER. A PACKAGE
# can be NAME=PACKAGE where the program is to have another name. FOLDER appears when all of it is there: a killed build leaves
# nothing that looks like one.
build_once() {
  local folder=$1 title=$2 tags=$3 ldflags=$4
  shift 4
  [ -d "$folder" ] && return
  mkdir -p "$(dirname "$folder")"
  ( # a subshell: the lock ends with it, and so does the trap
    exec 9>"$folder.lock"
    flock 9 # two runs on one machine build once
    [ -d "$folder" ] && exit
    rm -rf "$folder".new.* # what a killed build left: we hold the lock, so nobody uses it
    new=$(mktemp -d "$folder.new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    echo "building $title, once (some minutes) ..." >&2
    export CGO_ENABLED=0 GOWORK=off
    flags=(-mod=readonly -buildvcs=false -tags "$tags" -ldflags "-s -w $ldflags")
    packages=()
    for package; do
      case $package in
        *=*) go build "${flags[@]}" -o "$new/${package%%=*}" "${package#*=}" 9>&- ;; # 9>&- : the compiler's processes must not inherit the lock
        *) packages+=("$package") ;;
      esac
    done
    [ ${#packages[@]} -eq 0 ] || go build "${flags[@]}" -o "$new/" "${packages[@]}" 9>&-
    chmod 755 "$new"
    mv "$new" "$folder"
    trap - EXIT
  )
}
