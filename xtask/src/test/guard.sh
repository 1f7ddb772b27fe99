# Orders come line by line: "folder DIR", "server DATA_DIR", "group ID". The end of the input means: tear down.
trap '' INT TERM HUP QUIT PIPE
folder= server= group=

# wait_until_gone TENTHS TARGET
wait_until_gone() {
    tenths=$1
    while [ "$tenths" -gt 0 ] && kill -s 0 -- "$2" 2>/dev/null; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
    ! kill -s 0 -- "$2" 2>/dev/null
}

end_group() {
    [ -n "$group" ] || return 0
    if kill -s TERM -- "-$group" 2>/dev/null; then
        wait_until_gone 30 "-$group" || kill -s KILL -- "-$group" 2>/dev/null
    fi
    group=
}

end_server() {
    [ -n "$server" ] && [ -r "$server/postmaster.pid" ] || return 0
    read -r pid <"$server/postmaster.pid" || return 0
    # INT is PostgreSQL's fast shutdown, QUIT its immediate one.
    kill -s INT "$pid" 2>/dev/null || return 0
    wait_until_gone 100 "$pid" && return 0
    kill -s QUIT "$pid" 2>/dev/null
    wait_until_gone 50 "$pid" || kill -s KILL "$pid" 2>/dev/null
}

while IFS= read -r order; do
    case $order in
    "folder "*) folder=${order#folder } ;;
    "server "*) server=${order#server } ;;
    "group "*)
        end_group
        group=${order#group }
        ;;
    esac
done

end_group
end_server
[ -z "$folder" ] || rm -rf -- "$folder"
