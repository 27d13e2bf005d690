#!/bin/sh
# A worker program for tests: it speaks the protocol, and misbehaves as the name it is called by says.
# It uses nothing but what the shell has built in, for its environment is empty.
mode=${0##*/}
locked='{"no_new_privileges":true,"undumpable":true,"files":true,"system_calls":true,"limits":true,"memory":true}'
[ "$mode" = unconfined ] && locked='{"system_calls":true}'

say() { printf '{"type":"token","key":%s,"text":"%s"}\n' "$key" "$1"; }

answer() {
    case $mode in
    dies) kill -9 $$ ;;
    halfway) say "half an answer " && kill -9 $$ ;;
    silent) ;;
    stops) kill -STOP $$ ;;
    endless) while say "and so on, and so on, and so on, and so on, and so on, and so on, "; do :; done ;;
    invalid) printf '{"type":"token","key":%s,"text":"\377\376"}\n' "$key" ;;
    garbage) echo "Segmentation fault" ;;
    lineless) while printf '{"type":"token","text":"and on and on and on and on and on '; do :; done ;;
    decode) printf '{"type":"failed","key":%s,"failure":"decode","message":"no number"}\n' "$key" ;;
    *)
        say "all is well"
        printf '{"type":"done","key":%s,"finish":"stop","usage":{"prompt_tokens":3,"answer_tokens":3,"first_token_ms":1,"total_ms":2}}\n' "$key"
        ;;
    esac
}

while read -r line; do
    case $line in
    *'"type":"configure"'*)
        printf '{"type":"ready","load_ms":1,"context_tokens":4096,"sequences":3,"threads":1,"engine":"shell","template":"file","confinement":%s}\n' "$locked"
        ;;
    *'"type":"generate"'*)
        key=${line#*\"key\":}
        key=${key%%,*}
        answer
        ;;
    esac
done
