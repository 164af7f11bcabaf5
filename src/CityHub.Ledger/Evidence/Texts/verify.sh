#!/bin/sh
# Checks this evidence with ordinary tools: openssl, sed, od, cmp, cat, wc, tail, mktemp; sha256sum where it is there.
# 用普通工具核验本证据包。
#
#   sh verify.sh MY.policy    by a policy that you got from people whom you trust
#   sh verify.sh              by the policy that lies here; whoever made this folder chose it
#
# It ends with 0: proven · 1: not proven · 2: cannot be told with the tools of this machine · 3: all fits together, by the policy that lies here.
set -uf
LC_ALL=C
export LC_ALL

fail() { printf '\nNOT PROVEN 未能证明: %s\n' "$1"; exit 1; }
unable() { printf '\nCANNOT TELL 无法判断: %s\n' "$1"; exit 2; }

own=policy
[ $# -gt 1 ] && unable "one policy at most"
if [ $# -eq 1 ]; then
    own=$1
    [ -f "$own" ] || unable "there is no file $own"
    case $own in /*) ;; *) own=$PWD/$own ;; esac
fi
command -v openssl >/dev/null || unable "the program openssl is not here"
cd "$(dirname "$0")" || unable "this folder cannot be entered"
tmp=$(mktemp -d) || unable "no temporary folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM

hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() { wc -c <"$1" | tr -d ' '; }
# base64 in one line, and only in the one form that it is written in
unbase64() {
    printf '%s\n' "$1" | openssl base64 -d -A >"$2" 2>/dev/null || return 1
    [ "$(openssl base64 -A <"$2")" = "$1" ]
}
number() { case $1 in '' | *[!0-9]* | 0?* | ???????????????????*) return 1 ;; esac; }
binary() { # hexadecimal digits to bytes
    left=$1
    while [ -n "$left" ]; do
        pair=${left%"${left#??}"}
        left=${left#??}
        printf "\\$(printf '%03o' "0x$pair")"
    done
}

# --- the sums ---------------------------------------------------------------------------------------------------------------------------------
[ -f SHA256SUMS ] || fail "SHA256SUMS is missing"
if grep -qv '^[0-9a-f]\{64\}  [A-Za-z0-9][A-Za-z0-9._/-]*$' SHA256SUMS; then fail "SHA256SUMS has a line that is not one of a sum"; fi
if command -v sha256sum >/dev/null; then
    sha256sum -c SHA256SUMS >"$tmp/sums" 2>&1 || fail "a file is not as SHA256SUMS lists it: $(grep -v ': OK$' "$tmp/sums" | head -n 3)"
else
    while read -r sum name; do
        [ "$(openssl dgst -sha256 -binary <"$name" 2>/dev/null | hex)" = "$sum" ] || fail "$name is not as SHA256SUMS lists it"
    done <SHA256SUMS
fi
for needed in checkpoint policy; do
    grep -q "^[0-9a-f]\{64\}  $needed\$" SHA256SUMS || fail "$needed is not listed in SHA256SUMS"
done
printf 'sums 校验和: all files are as SHA256SUMS lists them\n'

# --- the checkpoint ---------------------------------------------------------------------------------------------------------------------------
origin=$(sed -n 1p checkpoint)
size=$(sed -n 2p checkpoint)
root=$(sed -n 3p checkpoint)
[ -n "$origin" ] && number "$size" && unbase64 "$root" "$tmp/root" && [ "$(bytes "$tmp/root")" -eq 32 ] && [ -z "$(sed -n 4p checkpoint)" ] ||
    fail "the file checkpoint is not a checkpoint"
[ "$(printf '%s' "$origin" | tr -d '\000-\037\177')" = "$origin" ] || fail "the origin of the checkpoint has control characters"
sed -n 1,3p checkpoint >"$tmp/body"
sed '1,4d' checkpoint >"$tmp/signatures"
printf 'checkpoint 检查点: %s, %s entries, root %s\n' "$origin" "$size" "$root"

# --- each fact: entry in the receipt, entry to root, what it stands for ---------------------------------------------------------------------------
digest=
hash() { openssl dgst "-$digest" -binary; }
facts=0
opened=0
set +f
set -- receipts/*
set -f
for receipt; do
    n=${receipt#receipts/}
    n=${n%.tlog-proof}
    number "$n" && [ "$receipt" = "receipts/$n.tlog-proof" ] && [ -f "$receipt" ] || fail "$receipt is not named as a receipt is"
    leaf=leaves/$n.json
    for listed in "$receipt" "$leaf"; do
        grep -q "^[0-9a-f]\{64\}  $listed\$" SHA256SUMS || fail "$listed is not listed in SHA256SUMS"
    done

    case $(sed -n 1p "$receipt") in
    c2sp.org/tlog-proof@v1) now=sha256 ;;
    cityhub/tlog-proof-sm3@v1) now=sm3 ;;
    *) fail "$receipt is not a receipt" ;;
    esac
    [ "${digest:=$now}" = "$now" ] || fail "$receipt is of another tree than the others"
    unbase64 "$(sed -n '2s/^extra //p' "$receipt")" "$tmp/entry" && cmp -s "$tmp/entry" "$leaf" || fail "$leaf is not the entry of $receipt"
    [ "$(sed -n 3p "$receipt")" = "index $((n - 1))" ] || fail "$receipt is of another entry"
    sed '1,/^$/d' "$receipt" | cmp -s - checkpoint || fail "$receipt has another checkpoint"

    # RFC 9162, 2.1.3.2: from the entry up to the root
    { printf '\000'; cat "$leaf"; } | hash >"$tmp/run" || unable "openssl does not know $digest"
    at=$((n - 1))
    last=$((size - 1))
    [ "$at" -le "$last" ] || fail "$receipt is beyond the end of the log"
    sed -n '4,/^$/p' "$receipt" >"$tmp/path"
    while IFS= read -r line && [ -n "$line" ]; do
        unbase64 "$line" "$tmp/sibling" && [ "$(bytes "$tmp/sibling")" -eq 32 ] && [ "$last" -gt 0 ] || fail "the proof of $receipt is not one"
        if [ $((at & 1)) -eq 1 ] || [ "$at" -eq "$last" ]; then
            { printf '\001'; cat "$tmp/sibling" "$tmp/run"; } | hash >"$tmp/next"
            while [ $((at & 1)) -eq 0 ] && [ "$at" -ne 0 ]; do
                at=$((at >> 1))
                last=$((last >> 1))
            done
        else
            { printf '\001'; cat "$tmp/run" "$tmp/sibling"; } | hash >"$tmp/next"
        fi
        mv "$tmp/next" "$tmp/run"
        at=$((at >> 1))
        last=$((last >> 1))
    done <"$tmp/path"
    [ "$last" -eq 0 ] && [ "$(openssl base64 -A <"$tmp/run")" = "$root" ] || fail "fact $n does not lead to the root: entry or proof was changed"

    commitment=$(sed -n 's/^{"at":"[^"]*","commitment":{\([^}]*\)},"position":'"$n"',.*$/\1/p' "$leaf")
    [ -n "$commitment" ] || fail "$leaf is not of fact $n"
    if [ -f "openings/$n.bin" ]; then
        grep -q "^[0-9a-f]\{64\}  openings/$n.bin\$" SHA256SUMS || fail "openings/$n.bin is not listed in SHA256SUMS"
        sha=$(openssl dgst -sha256 -binary <"openings/$n.bin" | hex)
        sm3=$(openssl dgst -sm3 -binary <"openings/$n.bin" 2>/dev/null | hex)
        [ -n "$sm3" ] || sm3=$(printf '%s' "$commitment" | sed -n 's/^.*"SM3":"\([0-9a-f]*\)"$/\1/p') # an openssl without SM3: the other one is checked
        case $commitment in
        "\"SHA-256\":\"$sha\"" | "\"SHA-256\":\"$sha\",\"SM3\":\"$sm3\"" | "\"SM3\":\"$sm3\"") ;;
        *) fail "openings/$n.bin is not what the entry of fact $n stands for" ;;
        esac
        opened=$((opened + 1))
        printf 'fact 事实 %s: in the log at its place; its content is what the entry stands for\n' "$n"
    else
        printf 'fact 事实 %s: in the log at its place; its content is not in this bundle\n' "$n"
    fi
    facts=$((facts + 1))
done
set +f
for file in leaves/* openings/*; do
    n=${file#*/}
    n=${n%.*}
    [ "$file" = 'openings/*' ] || [ -f "receipts/$n.tlog-proof" ] || fail "$file has no receipt"
done
set -f

# --- signatures: keys from the policy, messages from the checkpoint -------------------------------------------------------------------------------
# What stands before a public key in a SubjectPublicKeyInfo: of Ed25519, ML-DSA-44 and SM2.
prefix_ed25519='\060\052\060\005\006\003\053\145\160\003\041\000'
prefix_mldsa44='\060\202\005\062\060\013\006\011\140\206\110\001\145\003\004\003\021\003\202\005\041\000'
prefix_sm2='\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010\052\201\034\317\125\001\202\055\003\102\000'
sm2_text=ff$(printf 'cityhub/sm2-with-sm3/v1\n' | hex)
sm2_timed=ff$(printf 'cityhub/sm2-with-sm3-cosignature/v1\n' | hex)

der_integer() { # 64 hexadecimal digits as DER
    value=$1
    while [ "${value#00}" != "$value" ] && [ ${#value} -gt 2 ]; do value=${value#00}; done
    case $value in [89a-f]*) value=00$value ;; esac
    printf '02%02x%s' $((${#value} / 2)) "$value"
}

# A vkey's signature on the checkpoint. 0: good, with $time and $form; 1: none. A bad one ends everything.
made=0
unknown=
signed() {
    vname=${1%%+*}
    rest=${1#*+}
    vid=${rest%%+*}
    unbase64 "${rest#*+}" "$tmp/material" || fail "the key of $vname in the policy is not base64"
    [ "$({ printf '%s\n' "$vname"; cat "$tmp/material"; } | openssl dgst -sha256 -binary | hex | cut -c 1-8)" = "$vid" ] || fail "name, id and key of $vname in the policy do not belong together"
    material=$(hex <"$tmp/material")
    extra=
    case $material in
    01*) form=text prefix=$prefix_ed25519 skip=1 want=64 tree=sha256 ;;
    04*) form=timed prefix=$prefix_ed25519 skip=1 want=64 tree=sha256 ;;
    06*) form=subtree prefix=$prefix_mldsa44 skip=1 want=2420 tree=sha256 ;;
    "$sm2_text"*) form=text prefix=$prefix_sm2 skip=$((${#sm2_text} / 2)) want=64 tree=sm3 ;;
    "$sm2_timed"*) form=timed prefix=$prefix_sm2 skip=$((${#sm2_timed} / 2)) want=64 tree=sm3 ;;
    *) fail "the policy has a key of a type that this script does not know: $vname" ;;
    esac
    [ "$tree" = "$digest" ] || return 1
    [ "$tree" = sm3 ] && extra='-digest sm3 -pkeyopt distid:1234567812345678'
    found=1
    while IFS=' ' read -r dash name value; do
        [ "$dash" = "$(printf '\342\200\224')" ] && [ "$name" = "$vname" ] || continue
        unbase64 "$value" "$tmp/line" || fail "the signature of $vname is not base64"
        all=$(hex <"$tmp/line")
        case $all in "$vid"*) ;; *) continue ;; esac
        time=
        from=5
        case $form in
        text) cat "$tmp/body" >"$tmp/message" ;;
        *)
            from=13
            stamp=$(printf '%s' "$all" | cut -c 9-24)
            case $stamp in [0-7]???????????????) time=$((0x$stamp)) ;; *) fail "the time of $vname is not one" ;; esac
            if [ "$form" = timed ]; then
                { printf 'cosignature/v1\ntime %s\n' "$time"; cat "$tmp/body"; } >"$tmp/message"
            else
                { printf 'subtree/v1\n\000'; binary "$(printf '%02x' ${#vname})"; printf '%s' "$vname"; binary "$stamp"; binary "$(printf '%02x' ${#origin})"
                    printf '%s' "$origin"; binary "$(printf '%016x%016x' 0 "$size")"; cat "$tmp/root"; } >"$tmp/message"
            fi
            ;;
        esac
        tail -c +$from "$tmp/line" >"$tmp/sig"
        [ "$(bytes "$tmp/sig")" -eq $want ] || fail "the signature of $vname has another length than it should"
        if [ "$tree" = sm3 ]; then
            all=$(hex <"$tmp/sig")
            both=$(der_integer "$(printf '%s' "$all" | cut -c 1-64)")$(der_integer "$(printf '%s' "$all" | cut -c 65-128)")
            binary "30$(printf '%02x' $((${#both} / 2)))$both" >"$tmp/sig"
        fi
        {
            printf '%s\n' '-----BEGIN PUBLIC KEY-----'
            # shellcheck disable=SC2059
            { printf "$prefix"; tail -c +$((skip + 1)) "$tmp/material"; } | openssl base64
            printf '%s\n' '-----END PUBLIC KEY-----'
        } >"$tmp/key.pem"
        made=$((made + 1))
        for part in message sig key.pem; do cp "$tmp/$part" "$tmp/$made.$part"; done
        if ! openssl pkey -pubin -in "$tmp/key.pem" -noout 2>/dev/null; then
            unknown="$unknown $vname"
            continue
        fi
        # shellcheck disable=SC2086
        openssl pkeyutl -verify -pubin -inkey "$tmp/key.pem" -rawin $extra -in "$tmp/message" -sigfile "$tmp/sig" >/dev/null 2>&1 ||
            fail "the signature of $vname is not good: the checkpoint, the signature or the key is another one"
        found=0
    done <"$tmp/signatures"
    return $found
}

when() { date -u -d "@$1" '+%Y-%m-%d %H:%M:%S UTC' 2>/dev/null || date -u -r "$1" '+%Y-%m-%d %H:%M:%S UTC' 2>/dev/null || printf '%s seconds since 1970' "$1"; }

# What a policy says of the checkpoint: $verdict (0 proven, 1 not, 2 cannot be told) with $why; says it with $say.
say() { :; }
judge() {
    bylog=
    met=' '
    quorum=
    known=0
    cosigned=0
    unknown=
    made=0
    while IFS= read -r line; do
        # shellcheck disable=SC2086
        set -- $line
        case ${1-} in
        '' | \#*) ;;
        log)
            if [ "${2%%+*}" = "$origin" ] && signed "$2"; then
                bylog=1
                say 'log 日志: %s has signed the checkpoint\n' "$origin"
            fi
            ;;
        witness)
            known=$((known + 1))
            if signed "$3"; then
                met="$met$2 "
                cosigned=$((cosigned + 1))
                say 'witness 见证方: %s (%s) saw it at %s\n' "$2" "$vname" "$(when "$time")"
            else
                say 'witness 见证方: %s has not signed, or not for this tree\n' "$2"
            fi
            ;;
        group)
            name=$2
            need=$3
            shift 3
            [ "$need" = any ] && need=1
            [ "$need" = all ] && need=$#
            number "$need" && [ "$need" -ge 1 ] || fail "the group $name of the policy asks for $need"
            have=0
            for member; do case $met in *" $member "*) have=$((have + 1)) ;; esac; done
            [ "$have" -ge "$need" ] && met="$met$name "
            ;;
        quorum)
            [ -z "$quorum" ] || fail "the policy has two quorum lines"
            quorum=$2
            ;;
        *) fail "the policy has a line that is none of log, witness, group and quorum" ;;
        esac
    done <"$1"

    [ -z "$unknown" ] || say 'not checked 未核验: this openssl knows no such keys:%s\n' "$unknown"
    verdict=1
    [ -z "$unknown" ] || verdict=2
    if [ -z "$bylog" ]; then
        why="no log of the policy has signed this checkpoint as $origin"
    elif [ -z "$quorum" ]; then
        verdict=1
        why="the policy has no quorum line"
    elif [ "$quorum" = none ] || case $met in *" $quorum "*) true ;; *) false ;; esac; then
        verdict=0
        why=
    else
        why="the quorum $quorum is not met"
    fi
}

# --- the policy that lies here, and the files for openssl by hand -----------------------------------------------------------------------------
judge policy
[ "$verdict" -eq 1 ] && fail "the policy in this folder: $why"
set +f
for pem in keys/*.pem; do
    name=${pem#keys/}
    name=${name%.pem}
    i=1
    while [ $i -le $made ] && ! cmp -s "$pem" "$tmp/$i.key.pem"; do i=$((i + 1)); done
    [ $i -le $made ] || fail "$pem is not the key of one who has signed"
    cmp -s "signatures/$name.message" "$tmp/$i.message" && cmp -s "signatures/$name.sig" "$tmp/$i.sig" || fail "signatures/$name.* are not what the checkpoint says"
done
set -f

# --- the policy that was asked for ----------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2059
say() { printf "$@"; }
judge "$own"
[ "$verdict" -eq 1 ] && fail "$why"
[ "$verdict" -eq 2 ] && unable "this openssl is too old for some of the keys: $why"

printf '\n%s facts in a log of %s entries, %s of them with their content; %s of %s witnesses.\n' "$facts" "$size" "$opened" "$cosigned" "$known"
[ "$cosigned" -gt 0 ] || printf 'NO WITNESS vouches for it, only the log itself. 没有任何见证方为其作证。\n'
if [ "$own" = policy ]; then
    printf 'ALL FITS TOGETHER, by the policy that lies here. 各部分相互吻合(依据包内策略)。\n'
    printf 'Whoever made this folder chose that policy: run again with one that you got elsewhere, sh verify.sh MY.policy\n'
    printf '包内策略由制作者选定;请用另行取得的策略再核验一次:sh verify.sh MY.policy\n'
    exit 3
fi
printf 'PROVEN by your policy. 已按您的策略证明。\n'
exit 0
