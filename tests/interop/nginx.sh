#!/usr/bin/env bash
# weir nc fetches a file from a real nginx.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

start_nginx() {
    mkdir -p "$work/www" "$work/nginx"
    make_file "$work/www/file" 10M
    chmod -R a+rX "$work"
    cat >"$work/nginx.conf" <<CONF
daemon off;
master_process off;
pid $work/nginx/pid;
error_log stderr;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server {
        listen 8000;
        listen [::]:8000;
        root $work/www;
    }
}
CONF
    nginx -p "$work/nginx" -c "$work/nginx.conf" 2>"$work/nginx.err" &
    nginx=$!
    wait_for 20 curl -s -o /dev/null "http://127.0.0.1:8000/file"
}

closed_by_nginx() { [ -n "$(ss -Htn state fin-wait-2 sport = :8000)" ]; }

# nginx takes the end of our direction for a client that has gone, so it stays open until nginx has closed.
one() {
    { printf 'GET /file HTTP/1.0\r\nHost: weir\r\n\r\n' && wait_for 20 closed_by_nginx; } |
        "${weir[@]}" "$linux" 8000 >"$work/out" 2>"$work/err" || fail "weir: $(cat "$work/err")"
    head -1 "$work/out" | grep -q "^HTTP/1.1 200 OK" || fail "nginx says: $(head -c 300 "$work/out")"
    sed '1,/^\r$/d' "$work/out" >"$work/body"
    cmp "$work/body" "$work/www/file" || fail "$kind IPv$family: the file is not what nginx has"
    say "$kind IPv$family: 10 MB from $(nginx -v 2>&1 | sed 's/.*: //')"
}
need nginx curl sed ss cmp
start_nginx
on_each_link one
kill "$nginx"
wait "$nginx"
exit 0
