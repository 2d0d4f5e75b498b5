#!/usr/bin/env bash
# The whole flow, with curl as the client and oathtool as the phone.
# Usage: scripts/walk.sh http://127.0.0.1:8080 pawl-data 'LINK OF THE FIRST START'
set -euo pipefail

server=${1:?address of the server}
data=${2:?its data directory}
link=${3:?the link of the first start}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# call METHOD PATH TOKEN [JSON]: sets $status and $body, and prints both.
call() {
    local method=$1 path=$2 token=$3 answer
    local options=(--silent --show-error --max-time 30 --request "$method" --write-out '\n%{http_code}')
    if [ -n "$token" ]; then options+=(--header "Authorization: Bearer $token"); fi
    if [ $# -gt 3 ]; then options+=(--header 'Content-Type: application/json' --data "$4"); fi
    answer=$(curl "${options[@]}" "$server$path")
    status=${answer##*$'\n'}
    body=${answer%$'\n'*}
    printf '%-6s %s -> %s\n' "$method" "$path" "$status"
}
expect() { [ "$status" = "$1" ] || fail "expected $1, got $status: $body"; }
field() { jq --exit-status --raw-output "$1" <<<"$body" || fail "no $1 in: $body"; }
problem() { expect "$1"; [ "$(field .type)" = "/problems/$2" ] || fail "expected $2, got: $body"; }

# code SECRET [STEPS]: what the phone shows, or will show so many steps later.
code() { oathtool --totp --base32 --now "$(date -u -d "+$((${2:-0} * 30)) seconds" '+%F %T UTC')" "$1"; }
# Two codes of one step apart are shown in a row; do not begin when the step is about to change.
fresh_step() { while [ $(($(date +%s) % 30)) -gt 24 ]; do sleep 1; done; }

# mailed ADDRESS [WORDS]: the token of the newest link sent there, in a mail with these words.
mailed() {
    local deadline=$((SECONDS + 20)) file
    while [ $SECONDS -lt $deadline ]; do
        file=$(grep --files-with-matches --fixed-strings "$1" "$data"/outbox/*.eml 2>/dev/null |
            xargs --no-run-if-empty grep --files-with-matches --fixed-strings "${2:-token}" | sort | tail -n 1 || true)
        if [ -n "$file" ]; then
            # Quoted-printable: join the broken lines and turn =3D back.
            perl -0pe 's/=\r?\n//g; s/=3D/=/g' "$file" | sed -n 's/.*token=\([A-Za-z0-9_-]*\).*/\1/p' | head -n 1
            return
        fi
        sleep 0.1
    done
    fail "no mail for $1"
}
# set_up_phone SESSION NAME: sets $secret and $session.
set_up_phone() {
    call POST /v1/me/otp-devices "$1"; expect 201
    secret=$(field .secret)
    local device; device=$(field .device_id)
    fresh_step
    call POST "/v1/me/otp-devices/$device/confirm" "$1" "{\"code\":\"$(code "$secret")\",\"name\":\"$2\"}"; expect 200
    session=$(field .session_token)
}

say 'The first administrator and organization'
token=${link##*token=}
call POST /v1/setup '' "{\"token\":\"$token\",\"organization\":\"Acme\",\"email\":\"ada@example.org\",\"name\":\"Ada Lovelace\",\"password\":\"correct horse battery\"}"
expect 201
org=$(field .organization_id) admin=$(field .session_token)
call POST /v1/setup '' "{\"token\":\"$token\",\"organization\":\"Acme\",\"email\":\"eve@example.org\",\"name\":\"Eve\",\"password\":\"correct horse battery\"}"
problem 409 already-set-up

say 'A second organization, whose administrator is invited'
call POST /v1/organizations "$admin" '{"organization":"Globex","email":"hank@example.net","name":"Hank"}'; expect 201
globex=$(field .organization_id)
call POST /v1/invitations/accept '' "{\"token\":\"$(mailed hank@example.net)\",\"password\":\"doughnut holiday\"}"; expect 200
hank=$(field .session_token)
call GET "/v1/organizations/$globex/users" "$hank"; expect 200
call GET "/v1/organizations/$org/users" "$hank"; problem 404 not-found
call GET "/v1/organizations/$globex/audit" "$admin"; problem 404 not-found

say 'Three people are invited; one accepts before enforcement'
for person in grace linus barbara; do
    call POST "/v1/organizations/$org/invitations" "$admin" "{\"email\":\"$person@example.org\",\"name\":\"$person\",\"role\":\"member\"}"; expect 201
done
call POST /v1/invitations/accept '' "{\"token\":\"$(mailed grace@example.org)\",\"password\":\"nanosecond wire\"}"; expect 200
grace=$(field .session_token)
[ "$(field .next)" = done ] || fail 'Grace should be signed in'
call GET "/v1/organizations/$org/two-factor" "$grace"; expect 200
[ "$(field '.enforced | tostring')" = false ] || fail 'nothing is enforced yet'

say 'The administrator sets up a phone'
set_up_phone "$admin" "Ada's phone"
admin=$session ada_secret=$secret

say 'Enforce, for good'
call POST "/v1/organizations/$org/two-factor/enforce" "$admin" '{}'; problem 422 confirmation-missing
call POST "/v1/organizations/$org/two-factor/enforce" "$grace" '{"confirm":"Enforce 2FA"}'; problem 403 forbidden
call POST "/v1/organizations/$org/two-factor/enforce" "$admin" '{"confirm":"Enforce 2FA"}'; expect 200
event=$(field .event_id) since=$(field .enforced_at)
call POST "/v1/organizations/$org/two-factor/enforce" "$admin" '{"confirm":"Enforce 2FA"}'; expect 200
[ "$event $since" = "$(field .event_id) $(field .enforced_at)" ] || fail 'enforcing again changed something'
for method in DELETE PUT PATCH; do
    call $method "/v1/organizations/$org/two-factor/enforce" "$admin"; problem 405 method-not-allowed
    call $method "/v1/organizations/$org/two-factor" "$admin"; problem 405 method-not-allowed
done

say 'The earlier session with one factor reaches only the set-up'
call GET "/v1/organizations/$org/two-factor" "$grace"; problem 403 second-factor-required
call GET /v1/session "$grace"; expect 200
[ "$(field .next)" = otp_setup ] || fail 'Grace should be sent to the set-up'

say 'The pending invitation leads into the set-up'
call POST /v1/invitations/accept '' "{\"token\":\"$(mailed linus@example.org)\",\"password\":\"penguin bites\"}"; expect 200
[ "$(field .next)" = otp_setup ] || fail 'Linus should be sent to the set-up'
set_up_phone "$(field .session_token)" "Linus' phone"
call GET "/v1/organizations/$org/two-factor" "$session"; expect 200
[ "$(field '.enforced | tostring')" = true ] || fail 'it is enforced'

say 'A forgotten password is replaced by mail; the sessions of the old one are over'
call POST /v1/password-reset '' '{"email":"grace@example.org"}'; expect 202
token=$(mailed grace@example.org 'Your password')
call POST /v1/password-reset/confirm '' "{\"token\":\"$token\",\"password\":\"bug in the relay\"}"; expect 200
[ "$(field .next)" = otp_setup ] || fail 'Grace should still be sent to the set-up'
call POST /v1/password-reset/confirm '' "{\"token\":\"$token\",\"password\":\"bug in the relay\"}"; problem 404 password-reset-invalid
call GET /v1/session "$grace"; problem 401 unauthenticated
call POST /v1/sign-in '' '{"email":"grace@example.org","password":"nanosecond wire"}'; problem 401 sign-in-rejected

say 'A person is disabled, and enabled again'
call GET "/v1/organizations/$org/users?limit=500" "$admin"; expect 200
linus=$(field '.items[] | select(.email == "linus@example.org") | .user_id')
call POST "/v1/organizations/$org/users/$linus/disable" "$admin"; expect 200
call GET /v1/session "$session"; problem 401 unauthenticated
call POST "/v1/organizations/$org/users/$linus/enable" "$admin"; expect 200

say 'A lost phone is reset; a password alone does not set up another one'
call POST "/v1/organizations/$org/users/$linus/reset-otp" "$admin"; expect 204
call POST /v1/sign-in '' '{"email":"linus@example.org","password":"penguin bites"}'; expect 200
[ "$(field .next)" = otp_setup ] || fail 'Linus should be sent to the set-up'
linus_session=$(field .session_token)
call POST /v1/me/otp-devices "$linus_session"; problem 403 otp-setup-link-required
call POST /v1/me/otp-setup-link "$linus_session"; expect 202
call POST /v1/me/otp-devices "$linus_session" "{\"token\":\"$(mailed linus@example.org 'Set up your authenticator')\"}"; expect 201
set_up_phone "$linus_session" "Linus' new phone"

say 'Signing in with password and code; the code works once'
fresh_step
next_code=$(code "$ada_secret" 1)
sign_in='{"email":"ada@example.org","password":"correct horse battery"}'
call POST /v1/sign-in '' "$sign_in"; expect 200
[ "$(field .next)" = otp ] || fail 'Ada should be asked for a code'
waiting=$(field .session_token)
call GET "/v1/organizations/$org/audit" "$waiting"; problem 403 second-factor-required
call POST /v1/me/otp-devices "$waiting"; problem 403 second-factor-required
call POST /v1/sign-in/otp "$waiting" "{\"code\":\"$next_code\"}"; expect 200
[ "$(field .next)" = done ] || fail 'Ada should be signed in'
admin=$(field .session_token)
call POST /v1/sign-in '' "$sign_in"; expect 200
call POST /v1/sign-in/otp "$(field .session_token)" "{\"code\":\"$next_code\"}"; problem 401 otp-code-reused

say 'The audit trail lists it all, in order, with actors'
call GET "/v1/organizations/$org/audit?limit=500" "$admin"; expect 200
jq --raw-output '.items[] | "\(.position)\t\(.recorded_at)\t\(.type)\t\(.actor.kind) \(.actor.id // "")"' <<<"$body"
jq --exit-status '[.items[].position] as $p | $p == ($p | sort | unique)' <<<"$body" >/dev/null || fail 'out of order'
enforced=$(field '[.items[] | select(.type == "TwoFactorEnforced")] | length')
[ "$enforced" = 1 ] || fail "TwoFactorEnforced stands there $enforced times"
for type in OtpDevicesReset OtpSetUpLinkRequested OtpSetUpLinkFollowed PasswordReset UserDisabled UserEnabled OrganizationRegistered UserRegistered UserInvited InvitationAccepted OtpDeviceRegistered \
    OtpDeviceConfirmed TwoFactorEnforced SessionStarted SecondFactorAccepted OtpVerified OtpRejected SignedIn; do
    field "[.items[] | select(.type == \"$type\")] | length > 0" >/dev/null || fail "no $type"
done
if grep --quiet --fixed-strings -e "$ada_secret" -e 'correct horse' <<<"$body"; then fail 'a secret is in the audit trail'; fi

printf '\nAll of it happened.\n'
