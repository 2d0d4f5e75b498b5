# What the pages say, in English. One sentence has one name; see `src/pages/words.rs`.

skip-to-content = Skip to content
navigation = Navigation
sign-out = Sign out
go-on = Go on
cancel = Cancel
more = More
none = None
copy = Copy
save = Save
change = Change
remove = Remove
rename = Rename
new-name = New name
download = Download
print = Print
day = Day
people = People
search = Search by name or e-mail address
search-go = Search
search-nobody = Nobody was found.
since = Since

## Words for people and what they have

name = Name
your-name = Your name
email = E-mail address
password = Password
new-password = New password
password-rule = 8 characters or more. A few words in a row are easy to remember.
organization = Organization
role = Role
status = Status
authenticator = Authenticator
role-admin = Account Administrator
role-user-manager = User Manager
role-auditor = Auditor
role-analyst = Analyst
role-member = Member
status-invited = Invited
status-active = Active
status-disabled = Disabled
status-revoked = Invitation taken back
status-erased = Erased

## Signing in

sign-in = Sign in
code-title = Enter your code
code-text = Open the authenticator app on your phone and type the 6-digit code that it shows.
recovery-title = Enter a recovery code
recovery-text = Type one of the ten codes that you kept when you set up your authenticator. Each works once.
recovery-code = Recovery code
recovery-instead = Phone lost? Use a recovery code
code-instead = Use the authenticator instead
again-text = For this, your authenticator must have been shown in the last five minutes. Type the 6-digit code that it shows now.
factor-password = Password
factor-otp = Authenticator
factor-recovery-code = Recovery code
one-time-code = One-time code

## The first link

forgotten-password = Forgotten your password?
forgotten-text = Type your e-mail address. You get a mail with a link to choose a new password.
forgotten-submit = Send the mail
forgotten-sent = If { $email } belongs to somebody here, a mail is on its way. Its link works once, within an hour.
forgotten-again = Send another mail
reset-title = Choose a new password
reset-text = All your sessions end. If you have an authenticator, you need it next.
reset-submit = Set the password
first-link-title = Set up Pawl
first-link-text = This link makes the first organization and its administrator: you. It works once.
first-link-submit = Create the organization

## An invitation

invitation-title = Your invitation
invitation-text = Welcome, { $name }. You are invited into { $organization }. Choose a password to accept.
invitation-submit = Accept the invitation

## Setting up an authenticator

authenticator-title = Mobile Authenticator Setup
authenticator-required = You need to set up a Mobile Authenticator to activate your account.
authenticator-another = Add an authenticator to your account. The others go on working.
authenticator-install = Install one of the following applications on your mobile:
authenticator-scan = Open the application and scan the barcode:
authenticator-barcode = Barcode with the key of your authenticator
authenticator-unable = Unable to scan?
authenticator-type-key = Choose to enter a setup key in the application, and type this key:
authenticator-open = Or open the application on this device
authenticator-enter = Enter the one-time code that the application shows, give the device a name, and click Submit to finish the setup.
device-name = Device Name
device-name-example = My phone
submit = Submit
set-up-link-why = A password alone is not enough to set up an authenticator for you: a link is needed as well, which is sent to your e-mail address.
set-up-link-send = Send the link
set-up-link-sent = We have sent a link to your address, { $address }.
set-up-link-open = Open it in this browser or in another one. It works once, until { $until }.
set-up-link-again = Send another link

## The person's own account

account-title = My account
account-devices = Authenticators
account-no-devices = You have no authenticator yet. With one, your password alone opens nothing.
account-add-device = Add an authenticator
device-change = Rename or remove
change-password = Change the password
change-password-text = All your other sessions end. This one goes on.
current-password = Current password
recovery-codes = Recovery codes
recovery-codes-text = Keep these ten codes where you find them without your phone: each of them signs you in once, in place of a code of your authenticator. They are shown only now.
recovery-codes-kept = I have kept them
recovery-codes-left = { $count ->
    [0] All recovery codes are used. Take new ones.
    [one] 1 of 10 recovery codes is left.
   *[other] { $count } of 10 recovery codes are left.
}
recovery-codes-replace = Take new recovery codes
account-sessions = Sessions
session-since = Signed in
session-with = With
session-until = Ends at the latest
session-here = This one
session-end = End
device-since = Set up
device-last-used = Last used

## The console

nav-overview = Overview
nav-administration = Administration
nav-configuration = Configuration
nav-home = Home
nav-users = Users
nav-audit = Audit
nav-security = Security

home-title = Home
home-people = { $count ->
    [one] person can sign in
   *[other] people can sign in
}
home-with-device = of the people have an authenticator
home-invitations = { $count ->
    [one] pending invitation
   *[other] pending invitations
}
home-two-factor = Two-factor authentication (2FA)

nav-organization = Organization
home-adoption = How a second factor spreads
home-curve-people = People (at most { $most })
home-curve-with-device = With an authenticator
home-curve-enforced = 2FA enforced
home-no-curve = The curve begins tomorrow: it has a point for each day.
home-as-table = As a table
look-name-and-color = Name and color
look-own-color = Use a color of our own
look-color = Color
look-logo = Logo
look-picture = Picture
look-upload = Use this picture
security-title = Security
security-two-factor = Two-factor authentication (2FA)
security-state = 2FA is currently set to: { $state }
security-what = While 2FA is off, people with an authenticator sign in with password and code, and all others with their password alone.
security-since = Enforced since
security-by = by { $name }
security-for-good = Everyone signs in with password and code. This cannot be reverted.
security-link-on = Whoever has no authenticator needs a link sent by mail before setting up the first.
security-link-off = Whoever has no authenticator sets up the first with a password alone.
security-link-add = Ask for a link sent by mail as well
link-title = Ask for a link before a first set-up?
link-what = From this moment on, whoever has no authenticator needs their mailbox besides their password to set up the first. Whoever has one notices nothing.
link-confirm = Ask for the link
security-progress = Progress
security-complete = Everyone has an authenticator, and no invitation is pending.
security-still = { $count ->
    [0] All { $all } people have an authenticator.
    [one] 1 of { $all } has still to set up an authenticator.
   *[other] { $count } of { $all } have still to set up an authenticator.
}
security-pending = { $count ->
    [0] No invitation is pending.
    [one] 1 invitation is pending.
   *[other] { $count } invitations are pending.
}
enforce = Enforce
enforce-title = Enforce 2FA for everyone?
enforce-from-now = From this moment on, nobody in this organization gets in with a password alone:
enforce-people = { $count ->
    [0] Everyone has an authenticator already.
    [one] 1 person without an authenticator must set one up at once.
   *[other] { $count } people without an authenticator must set one up at once.
}
enforce-invitations = { $count ->
    [0] No invitation is pending.
    [one] 1 pending invitation: whoever accepts it must set one up.
   *[other] { $count } pending invitations: whoever accepts one must set one up.
}
enforce-new = Everyone who is invited later must set one up as well.
enforce-link = Ask for a link sent by mail before a first set-up
enforce-link-why = So a stolen password alone cannot set up the first authenticator. You can add this later, and not take it back.
enforce-no-way-back = This cannot be reverted: not by you, not by another administrator, not by the operator.
enforce-confirm = Enforce 2FA

invite = Invite a user
invite-text = { $days ->
    [one] They get a mail with a link that works once, within a day.
   *[other] They get a mail with a link that works once, within { $days } days.
}
invite-submit = Send the invitation
list = Invite many
list-text = Choose a CSV file whose first line names the columns: email, name and, where not everybody is to be a member, role. Each person gets a mail with a link that works once.
list-roles = The roles are admin, user_manager, auditor, analyst and member. 10,000 people at most. Whoever is invited already, or belongs to you, is passed over.
list-file = The file
list-submit = Invite everybody
list-line = Line
list-reason = What is wrong
list-twice = This address stands on line { $line } already.
list-fields = There are more fields than columns. Put a value with a comma between quotes.
list-running = { $done } of { $total } are done.
list-invited = { $people ->
    [one] One person is invited.
   *[other] { $people } people are invited.
}
list-already-there = { $people ->
    [one] One person was invited before, or belongs to you.
   *[other] { $people } people were invited before, or belong to you.
}
list-stopped = Send the file again: whoever is invited already is passed over.
resend = Send again
revoke = Take the invitation back

change-role = Change the role
change-role-text = Their sessions end at once.
disable = Disable
disable-text = They are signed out at once and cannot sign in until they are enabled again.
enable = Enable
enable-text = They can sign in again, with the password and the authenticators that they had.
reset-devices = Reset the authenticators
reset-devices-text = For somebody who has lost the phone and the recovery codes. All their authenticators, codes and sessions are gone at once; at the next sign-in they set up a new one, by way of a link sent to their address.
erase = Delete for good
erase-text = Name, e-mail address and everything else that says who it is become unreadable for everybody. There is no way back.
erase-title = Delete { $name } for good
erase-what = What happens
erase-names = Name, e-mail address and the names of authenticators become unreadable, at once and everywhere: in the history and in every copy of it too.
erase-access = All sessions end, every link is dead, and mail that was not sent yet is gone.
erase-address = The e-mail address is free: it can be invited again, as somebody new.
erase-history = The history stays. It says “erased person” where the name was.
erase-no-way-back = This cannot be reverted: not by you, and not by another administrator.
erase-confirm = To confirm, type their e-mail address: { $email }
erase-submit = Delete for good
erased-person = erased person
export = Export as a file
export-title = Keep a copy first?
export-text = Everything that is stored about this person, as a JSON file. Afterwards nobody can make it any more. The audit trail says that you took it.
export-own-title = Your data
export-own-text = Everything that is stored about you, as a JSON file. Keep it in a safe place.
audit-type = Event
audit-all-types = All events
audit-as-of = As of
audit-show = Show
audit-following = New events appear by themselves.
audit-when = When
audit-what = Event
audit-who = By
audit-details = Details
audit-position = Position { $position }
audit-older = Older
audit-actor = By
audit-everybody = Everybody
audit-operator = Operator
audit-anonymous = Not signed in
audit-person = Person
audit-person-hint = Person: a name, an e-mail address or an id. What they did, and what is about them.
audit-person-unknown = Nobody of this name, or more than one. Type more of it.
audit-text = Text
audit-from = From
audit-reset = Show everything
audit-nothing = Nothing of the kind happened.
audit-leaf = Leaf
audit-proof = Proof
audit-proof-hint = Proof that entry { $leaf } is in the log
audit-export-title = Take it away
audit-export-text = All of it, in one file. The audit trail says that you took it.
audit-export-format = Form
audit-export-pawl = Pawl, to verify
audit-export-cloudevents = CloudEvents
audit-export-ocsf = OCSF
audit-export-csv = CSV
audit-export = Export

## What an event of the audit trail is called

event-AddressClaimed = Address taken
event-AddressReleased = Address released
event-SignInRejected = Sign-in refused
event-PasswordResetDeclined = Password reset refused
event-ApiCredentialCreated = API credential made
event-ApiCredentialSecretRotated = Secret of an API credential renewed
event-ApiCredentialRevoked = API credential revoked
event-AccessTokenIssued = Access token issued to a machine
event-SetUpClaimed = Installation set up
event-OrganizationRegistered = Organization registered
event-TwoFactorEnforced = Two-factor authentication enforced
event-OrganizationRenamed = Organization renamed
event-AccentColorChanged = Color changed
event-LogoChanged = Logo changed
event-AdministratorAppointed = Administrator appointed
event-AdministratorDismissed = Administrator dismissed
event-OtpSetUpLinkEnforced = Mailed link before the first authenticator enforced
event-SessionStarted = Password accepted, session begun
event-SecondFactorAccepted = Second factor accepted
event-RecoveryCodeAccepted = Recovery code accepted as second factor
event-SignedIn = Signed in
event-SessionUsed = Session used
event-SessionEnded = Signed out
event-UserRegistered = First administrator registered
event-UserInvited = Person invited
event-InvitationResent = Invitation sent again
event-InvitationRevoked = Invitation withdrawn
event-InvitationAccepted = Invitation accepted
event-RoleChanged = Role changed
event-UserDisabled = Person kept from signing in
event-UserEnabled = Person let sign in again
event-PasswordResetRequested = Link to a new password requested
event-PasswordReset = Forgotten password replaced
event-PasswordChanged = Password changed
event-PasswordRehashed = Password protected anew
event-OtpDeviceRegistered = Set-up of an authenticator begun
event-OtpDeviceConfirmed = Authenticator set up
event-OtpDeviceRenamed = Authenticator renamed
event-OtpDeviceRemoved = Authenticator removed
event-OtpDevicesReset = Authenticators reset
event-OtpVerified = Code accepted
event-OtpRejected = Code refused
event-RecoveryCodesIssued = Recovery codes issued
event-RecoveryCodeUsed = Recovery code used
event-RecoveryCodeRejected = Recovery code refused
event-OtpSetUpLinkRequested = Link to set up an authenticator requested
event-OtpSetUpLinkFollowed = Link to set up an authenticator followed
event-UserErased = Person erased
event-UserExported = Everything about a person exported
event-AuditRead = Audit trail read
event-AuditExported = Audit trail exported

## What has just been done

done-signed-out = You are signed out.
done-invited = The invitation is on its way.
done-resent = The invitation was sent again with a new link. The old link is dead.
done-revoked = The invitation was taken back. Its link is dead.
done-device-added = The authenticator is set up.
done-device-renamed = The authenticator has a new name.
done-device-removed = The authenticator is removed. Its codes open nothing any more.
done-session-ended = The session is over.
done-password-changed = The password is changed. Your other sessions are over.
done-role-changed = The role is changed.
done-disabled = The user is disabled.
done-enabled = The user is enabled again.
done-devices-reset = The authenticators are reset. At the next sign-in a new one is set up.
done-erased = The person is deleted for good.
done-look-changed = The change is made.
done-enforced = 2FA is enforced, from now on and for good.
done-link-enforced = The link is asked for, from now on and for good.

## What people typed and cannot be taken

rule-email = Type an e-mail address such as name@example.org.
rule-password = The password must have between 8 and 256 characters, and be neither one that many people use nor your e-mail address, your name or the name of your organization.
rule-name = The name must have between 1 and 200 characters, on one line.
rule-organization = The name of the organization must have between 1 and 200 characters, on one line.
rule-accent_color = White text on the color must be easy to read: take a dark one.
rule-logo = A PNG picture of at most 48 KiB and 512 by 512 pixels.
rule-list = That is no list as it is described here, or it has more than 10,000 people.
rule-role = The roles are admin, user_manager, auditor, analyst and member.
rule-device-name = The device name must have between 1 and 100 characters, on one line.

## Problems, by the last part of their type

problem-yours = That did not work
problem-ours = Something went wrong here
problem-malformed-json = The form could not be read.
problem-unknown-field = The form could not be read.
problem-invalid-body = The form is not complete.
problem-invalid-list = Nobody was invited. Mend these lines, and send the file again.
problem-invalid-field = Something that you typed cannot be taken.
problem-invalid-parameter = The address of this page could not be read.
problem-body-too-large = What was sent is too large.
problem-unsupported-media-type = The form could not be read.
problem-not-found = There is no such page.
problem-method-not-allowed = This page cannot be used in that way.
problem-unauthenticated = Sign in first.
problem-cross-site = This form was not sent from one of our own pages. Go back, load the page again and repeat it.
problem-forbidden = Your role does not allow this.
problem-second-factor-required = A code is needed first.
problem-stale-version = Somebody else changed this in the meantime. Load the page again.
problem-idempotency-key-reused = This form was sent before with other content. Here it is again; please repeat it.
problem-set-up-token-invalid = This link is not the right one. Take the newest one that the server printed.
problem-already-set-up = Pawl is set up already. Sign in instead.
problem-confirmation-missing = The confirmation is missing.
problem-erasure-unconfirmed = Type the e-mail address of the person to confirm that they are to be deleted for good.
problem-address-taken = Somebody was invited or registered with this e-mail address already.
problem-invitation-invalid = This invitation link is not valid. Ask for a new one.
problem-invitation-expired = This invitation has expired. Ask for a new one.
problem-invitation-used = This invitation has been accepted already. Sign in instead.
problem-sign-in-rejected = The e-mail address or the password is wrong.
problem-too-many-attempts = { $minutes ->
    [one] Too many wrong attempts. Try again in 1 minute.
   *[other] Too many wrong attempts. Try again in { $minutes } minutes.
}
problem-otp-code-malformed = A code has six digits.
problem-otp-code-wrong = The code is wrong. Type the one that the app shows now.
problem-otp-code-reused = This code has been used. Wait for the next one.
problem-otp-code-expired = This code has expired. If this keeps happening, set the clock of your phone.
problem-otp-device-missing = No authenticator is set up yet.
problem-otp-device-limit = You have as many authenticators as anybody may have.
problem-otp-not-needed = You have entered your code already.
problem-otp-set-up-not-found = The setup was begun again elsewhere. Scan the barcode below.
problem-otp-set-up-expired = The setup took longer than 10 minutes. Scan the new barcode below.
problem-otp-setup-link-required = This link does not work any more, or is not for you. Ask for a new one.
problem-otp-setup-link-not-needed = You need no link to set up an authenticator.
problem-recovery-code-malformed = A recovery code has ten letters and digits, such as 7k3vq-0m9xz.
problem-recovery-code-wrong = The recovery code is wrong, or has been used.
problem-recovery-codes-replaced = These codes have been replaced by newer ones.
problem-last-otp-device = This is your last authenticator, and 2FA is enforced: set up another one first.
problem-fresh-second-factor-required = Your authenticator must be shown again first.
problem-not-on-yourself = You cannot do this to yourself. Ask another administrator.
problem-not-yourself = You cannot do this to yourself. Ask another administrator.
problem-last-administrator = This is the last administrator. Make somebody else one first.
problem-invitation-pending = The invitation has not been accepted yet.
problem-password-reset-invalid = This link is not valid, or has been used. Ask for a new mail.
problem-password-reset-expired = This link has expired. Ask for a new mail.
problem-password-wrong = The current password is wrong.
problem-read-model-stopped = This page cannot be made at the moment. The operator has to look after it.
problem-read-model-behind = This page is not up to date yet. Load it again in a moment.
problem-not-yet-signed = The newest entries have not been signed yet. Try again in a moment.
problem-busy = Many people are signing in right now. Try again in a moment.
problem-timed-out = That took too long. Try again.
problem-storage-full = The server's disk is full. The operator has to look after it.
problem-storage-unavailable = The log cannot be reached at the moment. Try again.
problem-internal = This is not your fault. The operator finds it in the log.

## API credentials

nav-api-credentials = API credentials
actor-api-credential = API credential “{ $name }”
never = Never
credentials-text = With an API credential a machine acts in your organization: it may do what its scopes say, and never acts for a person.
credentials-none = There is none yet.
credential-new = Create an API credential
credential-create = Create and show the secret
credential-needs-authenticator = Only somebody with an authenticator can create an API credential. Set yours up first.
credential-name-hint = What the machine is for, not the name of a person: it stays in the audit trail.
credential-scopes = The machine may
credential-lifetime = It expires after
credential-days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
credential-expires = Expires
credential-last-used = Last used
credential-live = Live
credential-expired = Expired
credential-revoked = Revoked
credential-id = Client id
credential-secret = Client secret
credential-endpoint = Address for access tokens
credential-old-until = The old secret is good until
credential-rotate = Get a new secret
credential-rotate-text = Give the new one to the machine while the old one is still good. If the old one has become known to others, end it now: its access tokens end with it.
credential-overlap = The old secret stays good for
credential-hours = { $hours ->
    [0] no time: it ends now
    [one] 1 hour
   *[other] { $hours } hours
}
credential-revoke = Revoke
credential-revoke-text = The credential and its access tokens open nothing any more, at once and for good.
secret-title = The client secret
secret-once = Keep it now: it is shown only here.
secret-kept = I have kept it
scope-organization-read = See what the organization is called and how it looks
scope-organization-manage = Change the name and the look of the organization
scope-two-factor-read = See whether 2FA is enforced
scope-two-factor-enforce = Enforce 2FA, for good
scope-users-read = See the users and their invitations
scope-users-invite = Invite users
scope-users-manage = Change roles, and disable and enable users
scope-adoption-read = See how many users have an authenticator, without their names
scope-analytics-read = Read analytics: numbers by day and hour, in which nobody is named
scope-audit-read = Read the audit trail, prove what it says, and export it
done-credential-revoked = The API credential is revoked. It opens nothing any more.
rule-scopes = Choose at least one thing that the machine may do.
rule-expires_in_days = An API credential lives for 1 to 365 days.
rule-overlap_hours = The old secret can stay good for 168 hours at most.
problem-person-required = This is for people who are signed in, not for machines.
problem-insufficient-scope = The access token lacks a scope for this.
problem-api-credential-over = This API credential has been revoked or has expired. Create another one.

## Analytics

nav-analytics = Analytics
analytics-title = Analytics
analytics-period = Period
analytics-last-days = { $count ->
    [365] Last year
   *[other] Last { $count } days
}
analytics-to = To
analytics-hint = Days are those of UTC. Whoever points at a column is told its numbers.
analytics-no-period = There is no such period: its first day is not after its last or after today, and it has 10 years at most. These are the last 30 days.
analytics-days = Days
analytics-adoption = Adoption of a second factor
analytics-adoption-says = { $percent } of the people have an authenticator: { $set } of { $people }.
analytics-adoption-nothing = There was nobody yet.
analytics-people = People
analytics-with-device = With an authenticator
analytics-pending = Pending invitations
analytics-sign-ins = Sign-ins
analytics-sign-ins-says = { $count ->
    [one] 1 sign-in
   *[other] { $all } sign-ins
}, { $percent } of them with a second factor; { $wrong ->
    [0] nothing was rejected.
    [one] 1 attempt was rejected.
   *[other] { $refused } attempts were rejected.
}
analytics-sign-ins-nothing = Nobody signed in.
analytics-otp = Authenticator
analytics-password = Password only
analytics-recovery-code = Recovery code
analytics-not-accepted = Rejected
analytics-rejected-codes = Rejected codes and lock-outs
analytics-rejected-codes-says = { $count ->
    [one] 1 code was rejected
   *[other] { $all } codes were rejected
}, and { $closed ->
    [0] no account was locked.
    [one] 1 account was locked.
   *[other] accounts were locked { $accounts } times.
}
analytics-rejected-codes-nothing = No code was rejected.
analytics-wrong = Wrong
analytics-reused = Used before
analytics-expired = Too old
analytics-recovery-codes = Recovery codes
analytics-lock-outs = Lock-outs
analytics-enforcement = From enforcement to set-up
analytics-enforcement-says = { $count ->
    [one] The one person who was there when 2FA was enforced: { $set } of 1 has an authenticator set up.
   *[other] Of the { $people } people who were there when 2FA was enforced, { $set } have set up an authenticator.
}
analytics-enforcement-nothing = Two-factor authentication is not enforced.
analytics-share = { $share } % of them
analytics-not-yet = not yet
analytics-of-the-people = Of the people
analytics-took = It took
analytics-seconds = Seconds
analytics-devices = Authenticators per person
analytics-devices-says = { $count ->
    [0] Nobody has a second authenticator to fall back on.
    [one] 1 person ({ $percent }) has a second authenticator to fall back on.
   *[other] { $people } people ({ $percent }) have a second authenticator to fall back on.
}
analytics-devices-nothing = There is nobody yet.
analytics-devices-each = { $count ->
    [0] No authenticator
    [one] 1 authenticator
   *[other] { $count } authenticators
}
analytics-invitations = Invitations
analytics-invitations-says = { $count ->
    [one] 1 invitation was sent; accepted: { $accepted } ({ $percent }).
   *[other] Of { $sent } invitations that were sent, { $accepted } were accepted ({ $percent }).
}
analytics-invitations-within = On a typical day, half of those that were accepted took { $span } or less.
analytics-invitations-nothing = Nobody was invited.
analytics-sent = Sent
analytics-accepted = Accepted
analytics-waiting = Pending
analytics-link-expired = Expired
analytics-revoked = Taken back
analytics-erased = Person erased
analytics-median = Median, in seconds
analytics-credential-use = Use of API credentials
analytics-credential-use-says = { $count ->
    [one] 1 API credential was in use
   *[other] { $used } API credentials were in use
}: { $given ->
    [one] 1 access token
   *[other] { $tokens } access tokens
}, and { $caused ->
    [one] 1 other event.
   *[other] { $events } other events.
}
analytics-credential-use-nothing = No API credential was in use.
analytics-credential-days = { $count ->
    [one] on 1 day of { $all }
   *[other] on { $days } days of { $all }
}
analytics-credential = API credential
analytics-days-in-use = Days in use
analytics-tokens = Access tokens
analytics-events = Other events

## Days and spans of time

day-and-month = { $day } { $month }
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s
