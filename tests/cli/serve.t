# SPDX-License-Identifier: BSD-2-Clause
# The page put on a network: a password, a cookie, and nothing for whoever has neither.
. "$MUSICMAP_ROOT/tests/cli/tap.sh"

song music/a.mp3 300
run 0 musicmap gather folder music
run 2 musicmap serve --listen 0.0.0.0 --port 0
has "$errors" 'needs a password.*--password-file or \$MUSICMAP_PASSWORD'
run 2 musicmap serve --url https://music.example --port 0
has "$errors" 'needs a password'
echo secret >open
chmod 644 open
run 2 musicmap serve --password-file open --port 0
has "$errors" 'chmod 600'
run 3 musicmap serve --password-file nowhere --port 0
run 2 musicmap serve --set-password
run 2 musicmap serve --set-password --password-file kept
has "$errors" 'no password on standard input'
[ ! -e kept ]
ok $? "nothing was written"
echo 'open sesame' | "$MUSICMAP" serve --set-password --password-file kept >"$out" 2>"$errors"
ok $? "a password is set"
same "$(stat -c %a kept)" 600 "which only its owner reads"
lacks kept 'sesame'
chmod 600 open
printf '\nx\n' >empty
chmod 600 empty
run 2 musicmap serve --password-file empty --port 0
has "$errors" '^musicmap serve: empty: a password has 1 to 256 bytes'

begin() { # options...: serves; $url
    "$MUSICMAP" serve --port 0 "$@" >url 2>"$errors" &
    server=$!
    for _ in $(seq 100); do
        [ -s url ] && break
        sleep 0.1
    done
    url=$(sed 's,/$,,' url)
}
end() {
    kill $server
    wait $server
    ok $? "the server ends well"
}
status() { # curl's options...: the status
    curl -s -o "$out" -D head -w '%{http_code}' "$@"
}

begin --listen 0.0.0.0 --password-file kept
same "$(status "$url/api/status")" 401 "a stranger gets nothing"
same "$(status "$url/")" 303 "and is shown to the form"
same "$(status "$url/login")" 200 "which is there"
lacks "$out" '<script|style='
has head "form-action 'self'"
lacks head 'unsafe'
same "$(status -d 'password=open sesame' "$url/login")" 403 "of another page: not taken"
same "$(status -d 'password=wrong' -H "Origin: $url" "$url/login")" 401 "a wrong password"
same "$(status -c jar -d 'password=open sesame' -H "Origin: $url" "$url/login")" 303 "the right one"
has head '^Set-Cookie: musicmap=[0-9a-f]{64}; Path=/; Max-Age=[0-9]+; HttpOnly; SameSite=Strict'
same "$(status -b jar "$url/api/status")" 200 "inside"
same "$(status -b jar "$url/")" 200 "the page"
same "$(status -b jar -d '' -H "Origin: $url" "$url/logout")" 303 "out again"
same "$(status -b jar "$url/api/status")" 401 "and out is out"
end

MUSICMAP_PASSWORD=sesame begin --url https://music.example
same "$(status -H 'Host: music.example' -H 'Origin: https://music.example' -d password=sesame "$url/login")" \
    303 "through a proxy"
has head '^Set-Cookie: __Host-musicmap=.*; Secure'
same "$(status -H 'Host: evil.example' "$url/login")" 421 "no other name"

# What a stranger says of the way he came is not what the proxy says of it, in a line of its own behind his.
guess() { # number: a wrong password, from an address that says it is another one each time
    status -H 'Host: music.example' -H 'Origin: https://music.example' -d password=wrong \
        -H "X-Forwarded-For: 192.0.2.$1" -H 'x-forwarded-for: 198.51.100.7' "$url/login"
}
for n in $(seq 30); do # a slow machine leaves time for more than five
    said=$(guess "$n")
    [ "$said" = 401 ] || break
done
same "$said" 429 "too many guesses of one address"

ps -o args= -p $server >args
lacks args 'sesame'
end
finish
