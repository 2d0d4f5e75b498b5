# Was die Seiten sagen, auf Deutsch. Ein Satz hat einen Namen; siehe `src/pages/words.rs`.

skip-to-content = Zum Inhalt
navigation = Navigation
sign-out = Abmelden
go-on = Weiter
cancel = Abbrechen
more = Mehr
none = Keine
copy = Kopieren
save = Speichern
change = Ändern
remove = Entfernen
rename = Umbenennen
new-name = Neuer Name
download = Herunterladen
print = Drucken
day = Tag
people = Personen
search = Nach Name oder E-Mail-Adresse suchen
search-go = Suchen
search-nobody = Niemand wurde gefunden.
since = Seit

## Wörter für Menschen und was sie haben

name = Name
your-name = Ihr Name
email = E-Mail-Adresse
password = Passwort
new-password = Neues Passwort
password-rule = Mindestens 8 Zeichen. Ein paar Wörter hintereinander merkt man sich leicht.
organization = Organisation
role = Rolle
status = Status
authenticator = Authenticator
role-admin = Kontoverwaltung
role-user-manager = Benutzerverwaltung
role-auditor = Revision
role-analyst = Auswertung
role-member = Mitglied
status-invited = Eingeladen
status-active = Aktiv
status-disabled = Gesperrt
status-revoked = Einladung zurückgenommen
status-erased = Gelöscht

## Anmelden

sign-in = Anmelden
code-title = Code eingeben
code-text = Öffnen Sie die Authenticator-App auf Ihrem Telefon und tippen Sie den 6-stelligen Code ein, den sie zeigt.
recovery-title = Wiederherstellungscode eingeben
recovery-text = Tippen Sie einen der zehn Codes ein, die Sie beim Einrichten Ihres Authenticators aufgehoben haben. Jeder gilt einmal.
recovery-code = Wiederherstellungscode
recovery-instead = Telefon verloren? Wiederherstellungscode benutzen
code-instead = Stattdessen den Authenticator benutzen
again-text = Dafür muss Ihr Authenticator in den letzten fünf Minuten gezeigt worden sein. Tippen Sie den 6-stelligen Code ein, den er jetzt zeigt.
factor-password = Passwort
factor-otp = Authenticator
factor-recovery-code = Wiederherstellungscode
one-time-code = Einmalcode

## Der erste Link

forgotten-password = Passwort vergessen?
forgotten-text = Geben Sie Ihre E-Mail-Adresse ein. Sie bekommen eine Mail mit einem Link, um ein neues Passwort zu wählen.
forgotten-submit = Mail senden
forgotten-sent = Wenn { $email } hier jemandem gehört, ist eine Mail unterwegs. Ihr Link gilt einmal, eine Stunde lang.
forgotten-again = Noch eine Mail senden
reset-title = Neues Passwort wählen
reset-text = Alle Ihre Sitzungen enden. Wenn Sie einen Authenticator haben, brauchen Sie ihn als Nächstes.
reset-submit = Passwort setzen
first-link-title = Pawl einrichten
first-link-text = Mit diesem Link entstehen die erste Organisation und ihre Verwaltung: Sie. Er gilt einmal.
first-link-submit = Organisation anlegen

## Eine Einladung

invitation-title = Ihre Einladung
invitation-text = Willkommen, { $name }. Sie sind zu { $organization } eingeladen. Wählen Sie ein Passwort, um anzunehmen.
invitation-submit = Einladung annehmen

## Einen Authenticator einrichten

authenticator-title = Mobilen Authenticator einrichten
authenticator-required = Sie müssen einen mobilen Authenticator einrichten, um Ihr Konto zu aktivieren.
authenticator-another = Fügen Sie Ihrem Konto einen Authenticator hinzu. Die anderen gelten weiter.
authenticator-install = Installieren Sie eine der folgenden Apps auf Ihrem Telefon:
authenticator-scan = Öffnen Sie die App und scannen Sie den Barcode:
authenticator-barcode = Barcode mit dem Schlüssel Ihres Authenticators
authenticator-unable = Scannen nicht möglich?
authenticator-type-key = Wählen Sie in der App, einen Schlüssel einzugeben, und tippen Sie diesen ein:
authenticator-open = Oder die App auf diesem Gerät öffnen
authenticator-enter = Geben Sie den Einmalcode ein, den die App zeigt, nennen Sie einen Namen für das Gerät und klicken Sie auf Absenden, um die Einrichtung abzuschließen.
device-name = Gerätename
device-name-example = Mein Telefon
submit = Absenden
set-up-link-why = Ein Passwort allein genügt nicht, um für Sie einen Authenticator einzurichten: Dazu gehört auch ein Link, der an Ihre E-Mail-Adresse geht.
set-up-link-send = Link senden
set-up-link-sent = Wir haben einen Link an Ihre Adresse gesendet, { $address }.
set-up-link-open = Öffnen Sie ihn in diesem Browser oder in einem anderen. Er gilt einmal, bis { $until }.
set-up-link-again = Noch einen Link senden

## Das eigene Konto

account-title = Mein Konto
account-devices = Authenticatoren
account-no-devices = Sie haben noch keinen Authenticator. Mit einem öffnet Ihr Passwort allein nichts mehr.
account-add-device = Authenticator hinzufügen
device-change = Umbenennen oder entfernen
change-password = Passwort ändern
change-password-text = Alle Ihre anderen Sitzungen enden. Diese geht weiter.
current-password = Jetziges Passwort
recovery-codes = Wiederherstellungscodes
recovery-codes-text = Bewahren Sie diese zehn Codes dort auf, wo Sie sie ohne Ihr Telefon finden: Jeder meldet Sie einmal an, anstelle eines Codes Ihres Authenticators. Sie werden nur jetzt gezeigt.
recovery-codes-kept = Ich habe sie aufgehoben
recovery-codes-left = { $count ->
    [0] Alle Wiederherstellungscodes sind verbraucht. Nehmen Sie neue.
    [one] 1 von 10 Wiederherstellungscodes ist übrig.
   *[other] { $count } von 10 Wiederherstellungscodes sind übrig.
}
recovery-codes-replace = Neue Wiederherstellungscodes nehmen
account-sessions = Sitzungen
session-since = Angemeldet
session-with = Mit
session-until = Endet spätestens
session-here = Diese hier
session-end = Beenden
device-since = Eingerichtet
device-last-used = Zuletzt benutzt

## Die Konsole

nav-overview = Überblick
nav-administration = Verwaltung
nav-configuration = Konfiguration
nav-home = Start
nav-users = Benutzer
nav-audit = Protokoll
nav-security = Sicherheit

home-title = Start
home-people = { $count ->
    [one] Person kann sich anmelden
   *[other] Personen können sich anmelden
}
home-with-device = der Personen haben einen Authenticator
home-invitations = { $count ->
    [one] offene Einladung
   *[other] offene Einladungen
}
home-two-factor = Zwei-Faktor-Authentisierung (2FA)

nav-organization = Organisation
home-adoption = Wie sich der zweite Faktor verbreitet
home-curve-people = Personen (höchstens { $most })
home-curve-with-device = Mit Authenticator
home-curve-enforced = 2FA erzwungen
home-no-curve = Die Kurve beginnt morgen: Sie hat einen Punkt für jeden Tag.
home-as-table = Als Tabelle
look-name-and-color = Name und Farbe
look-own-color = Eine eigene Farbe benutzen
look-color = Farbe
look-logo = Logo
look-picture = Bild
look-upload = Dieses Bild benutzen
security-title = Sicherheit
security-two-factor = Zwei-Faktor-Authentisierung (2FA)
security-state = 2FA steht derzeit auf: { $state }
security-what = Solange 2FA aus ist, melden sich alle mit Authenticator mit Passwort und Code an, alle anderen mit dem Passwort allein.
security-since = Erzwungen seit
security-by = durch { $name }
security-for-good = Alle melden sich mit Passwort und Code an. Das lässt sich nicht rückgängig machen.
security-link-on = Wer keinen Authenticator hat, braucht vor dem ersten einen Link, der per E-Mail kommt.
security-link-off = Wer keinen Authenticator hat, richtet den ersten allein mit dem Passwort ein.
security-link-add = Auch einen Link per E-Mail verlangen
link-title = Vor dem ersten Einrichten einen Link verlangen?
link-what = Von diesem Moment an braucht, wer keinen Authenticator hat, außer dem Passwort auch das Postfach, um den ersten einzurichten. Wer einen hat, merkt nichts davon.
link-confirm = Link verlangen
security-progress = Fortschritt
security-complete = Alle haben einen Authenticator, und keine Einladung ist offen.
security-still = { $count ->
    [0] Alle { $all } haben einen Authenticator.
    [one] 1 von { $all } muss noch einen Authenticator einrichten.
   *[other] { $count } von { $all } müssen noch einen Authenticator einrichten.
}
security-pending = { $count ->
    [0] Keine Einladung ist offen.
    [one] 1 Einladung ist offen.
   *[other] { $count } Einladungen sind offen.
}
enforce = Erzwingen
enforce-title = 2FA für alle erzwingen?
enforce-from-now = Ab diesem Augenblick kommt in dieser Organisation niemand mehr mit dem Passwort allein hinein:
enforce-people = { $count ->
    [0] Alle haben schon einen Authenticator.
    [one] 1 Person ohne Authenticator muss sofort einen einrichten.
   *[other] { $count } Personen ohne Authenticator müssen sofort einen einrichten.
}
enforce-invitations = { $count ->
    [0] Keine Einladung ist offen.
    [one] 1 offene Einladung: Wer sie annimmt, muss einen einrichten.
   *[other] { $count } offene Einladungen: Wer eine annimmt, muss einen einrichten.
}
enforce-new = Auch wer später eingeladen wird, muss einen einrichten.
enforce-link = Vor dem ersten Einrichten einen Link per E-Mail verlangen
enforce-link-why = So kann ein gestohlenes Passwort allein keinen ersten Authenticator einrichten. Sie können das auch später verlangen, aber nicht zurücknehmen.
enforce-no-way-back = Das lässt sich nicht rückgängig machen: nicht durch Sie, nicht durch andere, nicht durch den Betreiber.
enforce-confirm = 2FA erzwingen

invite = Benutzer einladen
invite-text = { $days ->
    [one] Sie bekommen eine Mail mit einem Link, der einmal gilt, einen Tag lang.
   *[other] Sie bekommen eine Mail mit einem Link, der einmal gilt, { $days } Tage lang.
}
invite-submit = Einladung senden
list = Viele einladen
list-text = Wählen Sie eine CSV-Datei, deren erste Zeile die Spalten nennt: email, name und, wo nicht alle Mitglieder werden sollen, role. Alle bekommen eine Mail mit einem Link, der einmal gilt.
list-roles = Die Rollen sind admin, user_manager, auditor, analyst und member. Höchstens 10.000 Personen. Wer schon eingeladen ist oder zu Ihnen gehört, wird übergangen.
list-file = Die Datei
list-submit = Alle einladen
list-line = Zeile
list-reason = Was nicht stimmt
list-twice = Diese Adresse steht schon in Zeile { $line }.
list-fields = Es gibt mehr Felder als Spalten. Setzen Sie einen Wert mit Komma in Anführungszeichen.
list-running = { $done } von { $total } sind erledigt.
list-invited = { $people ->
    [one] Eine Person ist eingeladen.
   *[other] { $people } Personen sind eingeladen.
}
list-already-there = { $people ->
    [one] Eine Person war schon eingeladen oder gehört zu Ihnen.
   *[other] { $people } Personen waren schon eingeladen oder gehören zu Ihnen.
}
list-stopped = Senden Sie die Datei noch einmal: Wer schon eingeladen ist, wird übergangen.
resend = Erneut senden
revoke = Einladung zurücknehmen

change-role = Rolle ändern
change-role-text = Ihre Sitzungen enden sofort.
disable = Sperren
disable-text = Die Person wird sofort abgemeldet und kann sich nicht anmelden, bis sie wieder freigegeben ist.
enable = Freigeben
enable-text = Die Person kann sich wieder anmelden, mit dem Passwort und den Authenticatoren von vorher.
reset-devices = Authenticatoren zurücksetzen
reset-devices-text = Für jemanden, der Telefon und Wiederherstellungscodes verloren hat. Alle Authenticatoren, Codes und Sitzungen der Person sind sofort weg; bei der nächsten Anmeldung richtet sie über einen Link, der an ihre Adresse geht, einen neuen ein.
erase = Endgültig löschen
erase-text = Name, E-Mail-Adresse und alles andere, was sagt, wer es ist, wird für alle unlesbar. Das lässt sich nicht rückgängig machen.
erase-title = { $name } endgültig löschen
erase-what = Was geschieht
erase-names = Name, E-Mail-Adresse und die Namen der Authenticatoren werden unlesbar, sofort und überall: auch im Verlauf und in jeder Kopie davon.
erase-access = Alle Sitzungen enden, kein Link gilt mehr, und noch nicht versandte Nachrichten sind weg.
erase-address = Die E-Mail-Adresse ist frei: Sie kann neu eingeladen werden, als jemand anderes.
erase-history = Der Verlauf bleibt. Wo der Name stand, steht „gelöschte Person“.
erase-no-way-back = Das lässt sich nicht rückgängig machen: nicht durch Sie und nicht durch andere.
erase-confirm = Geben Sie zur Bestätigung die E-Mail-Adresse ein: { $email }
erase-submit = Endgültig löschen
erased-person = gelöschte Person
export = Als Datei exportieren
export-title = Vorher eine Kopie behalten?
export-text = Alles, was über diese Person gespeichert ist, als JSON-Datei. Danach kann sie niemand mehr erstellen. Im Prüfprotokoll steht, dass Sie sie genommen haben.
export-own-title = Ihre Daten
export-own-text = Alles, was über Sie gespeichert ist, als JSON-Datei. Bewahren Sie sie sicher auf.
audit-type = Ereignis
audit-all-types = Alle Ereignisse
audit-as-of = Stand vom
audit-show = Zeigen
audit-following = Neue Ereignisse erscheinen von selbst.
audit-when = Wann
audit-what = Ereignis
audit-who = Durch
audit-details = Einzelheiten
audit-position = Position { $position }
audit-older = Ältere
audit-actor = Durch
audit-everybody = Alle
audit-operator = Betreiber
audit-anonymous = Nicht angemeldet
audit-person = Person
audit-person-hint = Person: ein Name, eine E-Mail-Adresse oder eine Kennung. Was sie tat, und was sie betrifft.
audit-person-unknown = Niemand heißt so, oder mehr als einer. Tippen Sie mehr davon.
audit-text = Text
audit-from = Von
audit-reset = Alles zeigen
audit-nothing = Nichts dergleichen ist geschehen.
audit-leaf = Blatt
audit-proof = Beweis
audit-proof-hint = Beweis, dass Eintrag { $leaf } im Protokoll steht
audit-export-title = Mitnehmen
audit-export-text = Alles, in einer Datei. Das Protokoll sagt, dass Sie sie mitgenommen haben.
audit-export-format = Form
audit-export-pawl = Pawl, zum Prüfen
audit-export-cloudevents = CloudEvents
audit-export-ocsf = OCSF
audit-export-csv = CSV
audit-export = Ausgeben

## Wie ein Ereignis des Protokolls heißt

event-AddressClaimed = Adresse belegt
event-AddressReleased = Adresse freigegeben
event-SignInRejected = Anmeldung abgewiesen
event-PasswordResetDeclined = Zurücksetzen des Passworts abgelehnt
event-ApiCredentialCreated = API-Zugang angelegt
event-ApiCredentialSecretRotated = Geheimnis eines API-Zugangs erneuert
event-ApiCredentialRevoked = API-Zugang widerrufen
event-AccessTokenIssued = Zugriffstoken an eine Maschine ausgegeben
event-SetUpClaimed = Installation eingerichtet
event-OrganizationRegistered = Organisation angelegt
event-TwoFactorEnforced = Zwei-Faktor-Authentifizierung erzwungen
event-OrganizationRenamed = Organisation umbenannt
event-AccentColorChanged = Farbe geändert
event-LogoChanged = Logo geändert
event-AdministratorAppointed = Administrator ernannt
event-AdministratorDismissed = Administrator abberufen
event-OtpSetUpLinkEnforced = Link per E-Mail vor dem ersten Authenticator erzwungen
event-SessionStarted = Passwort angenommen, Sitzung begonnen
event-SecondFactorAccepted = Zweiter Faktor angenommen
event-RecoveryCodeAccepted = Wiederherstellungscode als zweiter Faktor angenommen
event-SignedIn = Angemeldet
event-SessionUsed = Sitzung benutzt
event-SessionEnded = Abgemeldet
event-UserRegistered = Erster Administrator angelegt
event-UserInvited = Person eingeladen
event-InvitationResent = Einladung erneut gesendet
event-InvitationRevoked = Einladung zurückgezogen
event-InvitationAccepted = Einladung angenommen
event-RoleChanged = Rolle geändert
event-UserDisabled = Person gesperrt
event-UserEnabled = Person wieder zugelassen
event-PasswordResetRequested = Link zu einem neuen Passwort angefordert
event-PasswordReset = Vergessenes Passwort ersetzt
event-PasswordChanged = Passwort geändert
event-PasswordRehashed = Passwort neu geschützt
event-OtpDeviceRegistered = Einrichten eines Authenticators begonnen
event-OtpDeviceConfirmed = Authenticator eingerichtet
event-OtpDeviceRenamed = Authenticator umbenannt
event-OtpDeviceRemoved = Authenticator entfernt
event-OtpDevicesReset = Authenticators zurückgesetzt
event-OtpVerified = Code angenommen
event-OtpRejected = Code abgewiesen
event-RecoveryCodesIssued = Wiederherstellungscodes ausgegeben
event-RecoveryCodeUsed = Wiederherstellungscode benutzt
event-RecoveryCodeRejected = Wiederherstellungscode abgewiesen
event-OtpSetUpLinkRequested = Link zum Einrichten eines Authenticators angefordert
event-OtpSetUpLinkFollowed = Link zum Einrichten eines Authenticators benutzt
event-UserErased = Person gelöscht
event-UserExported = Alles über eine Person ausgegeben
event-AuditRead = Protokoll gelesen
event-AuditExported = Protokoll ausgegeben

## Was gerade geschehen ist

done-signed-out = Sie sind abgemeldet.
done-invited = Die Einladung ist unterwegs.
done-resent = Die Einladung wurde mit einem neuen Link erneut gesendet. Der alte Link gilt nicht mehr.
done-revoked = Die Einladung wurde zurückgenommen. Ihr Link gilt nicht mehr.
done-device-added = Der Authenticator ist eingerichtet.
done-device-renamed = Der Authenticator hat einen neuen Namen.
done-device-removed = Der Authenticator ist entfernt. Seine Codes öffnen nichts mehr.
done-session-ended = Die Sitzung ist beendet.
done-password-changed = Das Passwort ist geändert. Ihre anderen Sitzungen sind beendet.
done-role-changed = Die Rolle ist geändert.
done-disabled = Der Benutzer ist gesperrt.
done-enabled = Der Benutzer ist wieder freigegeben.
done-devices-reset = Die Authenticatoren sind zurückgesetzt. Bei der nächsten Anmeldung wird ein neuer eingerichtet.
done-erased = Die Person ist endgültig gelöscht.
done-look-changed = Die Änderung ist gemacht.
done-enforced = 2FA ist erzwungen, von jetzt an und für immer.
done-link-enforced = Der Link wird verlangt, von jetzt an und für immer.

## Was getippt wurde und nicht gelten kann

rule-email = Geben Sie eine E-Mail-Adresse wie name@example.org ein.
rule-password = Das Passwort muss zwischen 8 und 256 Zeichen haben. Es darf keines sein, das viele verwenden, und nicht Ihre E-Mail-Adresse, Ihr Name oder der Name Ihrer Organisation.
rule-name = Der Name muss zwischen 1 und 200 Zeichen haben, auf einer Zeile.
rule-organization = Der Name der Organisation muss zwischen 1 und 200 Zeichen haben, auf einer Zeile.
rule-accent_color = Weiße Schrift auf der Farbe muss gut zu lesen sein: Nehmen Sie eine dunkle.
rule-logo = Ein PNG-Bild mit höchstens 48 KiB und 512 mal 512 Pixeln.
rule-list = Das ist keine Liste, wie sie hier beschrieben ist, oder sie hat mehr als 10.000 Personen.
rule-role = Die Rollen sind admin, user_manager, auditor, analyst und member.
rule-device-name = Der Gerätename muss zwischen 1 und 100 Zeichen haben, auf einer Zeile.

## Probleme, nach dem letzten Teil ihrer Art

problem-yours = Das ging nicht
problem-ours = Hier ist etwas schiefgegangen
problem-malformed-json = Das Formular war nicht zu lesen.
problem-unknown-field = Das Formular war nicht zu lesen.
problem-invalid-body = Das Formular ist nicht vollständig.
problem-invalid-list = Niemand wurde eingeladen. Berichtigen Sie diese Zeilen und senden Sie die Datei noch einmal.
problem-invalid-field = Etwas in Ihrer Eingabe kann nicht gelten.
problem-invalid-parameter = Die Adresse dieser Seite war nicht zu lesen.
problem-body-too-large = Was gesendet wurde, ist zu groß.
problem-unsupported-media-type = Das Formular war nicht zu lesen.
problem-not-found = Diese Seite gibt es nicht.
problem-method-not-allowed = So lässt sich diese Seite nicht benutzen.
problem-unauthenticated = Melden Sie sich zuerst an.
problem-cross-site = Dieses Formular kam nicht von einer unserer eigenen Seiten. Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie es.
problem-forbidden = Ihre Rolle erlaubt das nicht.
problem-second-factor-required = Zuerst ist ein Code nötig.
problem-stale-version = Jemand anderes hat dies inzwischen geändert. Laden Sie die Seite neu.
problem-idempotency-key-reused = Dieses Formular wurde schon mit anderem Inhalt gesendet. Hier ist es noch einmal; bitte wiederholen Sie es.
problem-set-up-token-invalid = Dieser Link ist nicht der richtige. Nehmen Sie den neuesten, den der Server ausgegeben hat.
problem-already-set-up = Pawl ist schon eingerichtet. Melden Sie sich stattdessen an.
problem-confirmation-missing = Die Bestätigung fehlt.
problem-erasure-unconfirmed = Geben Sie die E-Mail-Adresse der Person ein, um zu bestätigen, dass sie endgültig gelöscht werden soll.
problem-address-taken = Mit dieser E-Mail-Adresse wurde schon jemand eingeladen oder registriert.
problem-invitation-invalid = Dieser Einladungslink gilt nicht. Bitten Sie um einen neuen.
problem-invitation-expired = Diese Einladung ist abgelaufen. Bitten Sie um eine neue.
problem-invitation-used = Diese Einladung wurde schon angenommen. Melden Sie sich stattdessen an.
problem-sign-in-rejected = Die E-Mail-Adresse oder das Passwort ist falsch.
problem-too-many-attempts = { $minutes ->
    [one] Zu viele falsche Versuche. Versuchen Sie es in 1 Minute wieder.
   *[other] Zu viele falsche Versuche. Versuchen Sie es in { $minutes } Minuten wieder.
}
problem-otp-code-malformed = Ein Code hat sechs Ziffern.
problem-otp-code-wrong = Der Code ist falsch. Tippen Sie den, den die App jetzt zeigt.
problem-otp-code-reused = Dieser Code wurde schon benutzt. Warten Sie auf den nächsten.
problem-otp-code-expired = Dieser Code ist abgelaufen. Wenn das öfter geschieht, stellen Sie die Uhr Ihres Telefons.
problem-otp-device-missing = Noch ist kein Authenticator eingerichtet.
problem-otp-device-limit = Sie haben so viele Authenticatoren, wie jemand haben darf.
problem-otp-not-needed = Sie haben Ihren Code schon eingegeben.
problem-otp-set-up-not-found = Die Einrichtung wurde anderswo neu begonnen. Scannen Sie den Barcode unten.
problem-otp-set-up-expired = Die Einrichtung hat länger als 10 Minuten gedauert. Scannen Sie den neuen Barcode unten.
problem-otp-setup-link-required = Dieser Link gilt nicht mehr oder nicht für Sie. Fordern Sie einen neuen an.
problem-otp-setup-link-not-needed = Sie brauchen keinen Link, um einen Authenticator einzurichten.
problem-recovery-code-malformed = Ein Wiederherstellungscode hat zehn Buchstaben und Ziffern, wie 7k3vq-0m9xz.
problem-recovery-code-wrong = Der Wiederherstellungscode ist falsch oder verbraucht.
problem-recovery-codes-replaced = Diese Codes sind durch neuere ersetzt.
problem-last-otp-device = Das ist Ihr letzter Authenticator, und 2FA ist erzwungen: Richten Sie zuerst einen anderen ein.
problem-fresh-second-factor-required = Ihr Authenticator muss zuerst noch einmal gezeigt werden.
problem-not-on-yourself = An sich selbst geht das nicht. Bitten Sie jemand anderen aus der Verwaltung.
problem-not-yourself = An sich selbst geht das nicht. Bitten Sie jemand anderen aus der Verwaltung.
problem-last-administrator = Das ist die letzte Person in der Verwaltung. Geben Sie zuerst jemand anderem diese Rolle.
problem-invitation-pending = Die Einladung ist noch nicht angenommen.
problem-password-reset-invalid = Dieser Link gilt nicht oder wurde schon benutzt. Bitten Sie um eine neue Mail.
problem-password-reset-expired = Dieser Link ist abgelaufen. Bitten Sie um eine neue Mail.
problem-password-wrong = Das jetzige Passwort ist falsch.
problem-read-model-stopped = Diese Seite kann gerade nicht erstellt werden. Der Betreiber muss sich darum kümmern.
problem-read-model-behind = Diese Seite ist noch nicht auf dem neuesten Stand. Laden Sie sie gleich noch einmal.
problem-not-yet-signed = Die neuesten Einträge sind noch nicht unterschrieben. Versuchen Sie es gleich noch einmal.
problem-busy = Gerade melden sich viele an. Versuchen Sie es gleich noch einmal.
problem-timed-out = Das hat zu lange gedauert. Versuchen Sie es noch einmal.
problem-storage-full = Die Festplatte des Servers ist voll. Der Betreiber muss sich darum kümmern.
problem-storage-unavailable = Das Protokoll ist gerade nicht zu erreichen. Versuchen Sie es noch einmal.
problem-internal = Das liegt nicht an Ihnen. Der Betreiber findet es im Protokoll.

## API-Zugänge

nav-api-credentials = API-Zugänge
actor-api-credential = API-Zugang „{ $name }“
never = Nie
credentials-text = Mit einem API-Zugang handelt eine Maschine in Ihrer Organisation: Sie darf, was ihre Rechte sagen, und handelt nie für eine Person.
credentials-none = Es gibt noch keinen.
credential-new = API-Zugang anlegen
credential-create = Anlegen und das Geheimnis zeigen
credential-needs-authenticator = Nur wer einen Authenticator hat, kann einen API-Zugang anlegen. Richten Sie Ihren zuerst ein.
credential-name-hint = Wozu die Maschine da ist, nicht der Name einer Person: Er bleibt im Protokoll.
credential-scopes = Die Maschine darf
credential-lifetime = Er läuft ab nach
credential-days = { $days ->
    [one] 1 Tag
   *[other] { $days } Tagen
}
credential-expires = Läuft ab
credential-last-used = Zuletzt benutzt
credential-live = Gültig
credential-expired = Abgelaufen
credential-revoked = Widerrufen
credential-id = Client-ID
credential-secret = Client-Geheimnis
credential-endpoint = Adresse für Zugriffstoken
credential-old-until = Das alte Geheimnis gilt bis
credential-rotate = Neues Geheimnis holen
credential-rotate-text = Geben Sie es der Maschine, solange das alte noch gilt. Ist das alte anderen bekannt geworden, beenden Sie es jetzt: Seine Zugriffstoken enden mit ihm.
credential-overlap = Das alte Geheimnis gilt noch
credential-hours = { $hours ->
    [0] gar nicht: es endet jetzt
    [one] 1 Stunde
   *[other] { $hours } Stunden
}
credential-revoke = Widerrufen
credential-revoke-text = Der Zugang und seine Zugriffstoken öffnen nichts mehr, sofort und für immer.
secret-title = Das Client-Geheimnis
secret-once = Bewahren Sie es jetzt auf: Es wird nur hier gezeigt.
secret-kept = Ich habe es aufbewahrt
scope-organization-read = sehen, wie die Organisation heißt und aussieht
scope-organization-manage = Namen und Aussehen der Organisation ändern
scope-two-factor-read = sehen, ob 2FA erzwungen ist
scope-two-factor-enforce = 2FA erzwingen, für immer
scope-users-read = die Benutzer und ihre Einladungen sehen
scope-users-invite = Benutzer einladen
scope-users-manage = Rollen ändern, Benutzer sperren und freigeben
scope-adoption-read = sehen, wie viele Benutzer einen Authenticator haben, ohne ihre Namen
scope-analytics-read = Auswertungen lesen: Zahlen nach Tag und Stunde, in denen niemand genannt wird
scope-audit-read = das Protokoll lesen, beweisen, was darin steht, und es ausgeben
done-credential-revoked = Der API-Zugang ist widerrufen. Er öffnet nichts mehr.
rule-scopes = Wählen Sie mindestens etwas, das die Maschine darf.
rule-expires_in_days = Ein API-Zugang lebt 1 bis 365 Tage.
rule-overlap_hours = Das alte Geheimnis kann höchstens 168 Stunden weiter gelten.
problem-person-required = Das ist für angemeldete Personen, nicht für Maschinen.
problem-insufficient-scope = Dem Zugriffstoken fehlt ein Recht dafür.
problem-api-credential-over = Dieser API-Zugang ist widerrufen oder abgelaufen. Legen Sie einen anderen an.

## Analytics

nav-analytics = Auswertungen
analytics-title = Auswertungen
analytics-period = Zeitraum
analytics-last-days = { $count ->
    [365] Letztes Jahr
   *[other] Letzte { $count } Tage
}
analytics-to = Bis
analytics-hint = Die Tage sind die der UTC. Wer auf eine Säule zeigt, erfährt ihre Zahlen.
analytics-no-period = Diesen Zeitraum gibt es nicht: Sein erster Tag liegt nicht nach dem letzten und nicht nach heute, und er hat höchstens 10 Jahre. Dies sind die letzten 30 Tage.
analytics-days = Tage
analytics-adoption = Verbreitung des zweiten Faktors
analytics-adoption-says = { $percent } der Personen haben einen Authenticator: { $set } von { $people }.
analytics-adoption-nothing = Es war noch niemand da.
analytics-people = Personen
analytics-with-device = Mit Authenticator
analytics-pending = Offene Einladungen
analytics-sign-ins = Anmeldungen
analytics-sign-ins-says = { $count ->
    [one] 1 Anmeldung
   *[other] { $all } Anmeldungen
}, davon { $percent } mit zweitem Faktor; { $wrong ->
    [0] nichts wurde abgelehnt.
    [one] 1 Versuch wurde abgelehnt.
   *[other] { $refused } Versuche wurden abgelehnt.
}
analytics-sign-ins-nothing = Niemand hat sich angemeldet.
analytics-otp = Authenticator
analytics-password = Nur Passwort
analytics-recovery-code = Wiederherstellungscode
analytics-not-accepted = Abgelehnt
analytics-rejected-codes = Abgelehnte Codes und Sperren
analytics-rejected-codes-says = { $count ->
    [one] 1 Code wurde abgelehnt
   *[other] { $all } Codes wurden abgelehnt
}, und { $closed ->
    [0] kein Konto wurde gesperrt.
    [one] 1 Konto wurde gesperrt.
   *[other] { $accounts }-mal wurde ein Konto gesperrt.
}
analytics-rejected-codes-nothing = Kein Code wurde abgelehnt.
analytics-wrong = Falsch
analytics-reused = Schon benutzt
analytics-expired = Zu alt
analytics-recovery-codes = Wiederherstellungscodes
analytics-lock-outs = Sperren
analytics-enforcement = Vom Erzwingen zur Einrichtung
analytics-enforcement-says = { $count ->
    [one] Die eine Person, die da war, als 2FA erzwungen wurde: { $set } von 1 hat einen Authenticator eingerichtet.
   *[other] Von den { $people } Personen, die da waren, als 2FA erzwungen wurde, haben { $set } einen Authenticator eingerichtet.
}
analytics-enforcement-nothing = 2FA ist nicht erzwungen.
analytics-share = { $share } % von ihnen
analytics-not-yet = noch nicht
analytics-of-the-people = Von den Personen
analytics-took = Dauer
analytics-seconds = Sekunden
analytics-devices = Authenticators je Person
analytics-devices-says = { $count ->
    [0] Niemand hat einen zweiten Authenticator als Rückhalt.
    [one] 1 Person ({ $percent }) hat einen zweiten Authenticator als Rückhalt.
   *[other] { $people } Personen ({ $percent }) haben einen zweiten Authenticator als Rückhalt.
}
analytics-devices-nothing = Es ist noch niemand da.
analytics-devices-each = { $count ->
    [0] Kein Authenticator
    [one] 1 Authenticator
   *[other] { $count } Authenticators
}
analytics-invitations = Einladungen
analytics-invitations-says = { $count ->
    [one] 1 Einladung wurde verschickt; angenommen: { $accepted } ({ $percent }).
   *[other] Von { $sent } verschickten Einladungen sind { $accepted } angenommen ({ $percent }).
}
analytics-invitations-within = An einem typischen Tag dauerte das bei der Hälfte { $span } oder weniger.
analytics-invitations-nothing = Niemand wurde eingeladen.
analytics-sent = Verschickt
analytics-accepted = Angenommen
analytics-waiting = Offen
analytics-link-expired = Abgelaufen
analytics-revoked = Zurückgezogen
analytics-erased = Person gelöscht
analytics-median = Median, in Sekunden
analytics-credential-use = Gebrauch der API-Zugänge
analytics-credential-use-says = { $count ->
    [one] 1 API-Zugang war in Gebrauch
   *[other] { $used } API-Zugänge waren in Gebrauch
}: { $given ->
    [one] 1 Zugriffstoken
   *[other] { $tokens } Zugriffstokens
} und { $caused ->
    [one] 1 anderes Ereignis.
   *[other] { $events } andere Ereignisse.
}
analytics-credential-use-nothing = Kein API-Zugang war in Gebrauch.
analytics-credential-days = { $count ->
    [one] an 1 Tag von { $all }
   *[other] an { $days } Tagen von { $all }
}
analytics-credential = API-Zugang
analytics-days-in-use = Tage in Gebrauch
analytics-tokens = Zugriffstokens
analytics-events = Andere Ereignisse

## Days and spans of time

day-and-month = { $day }. { $month }
month-1 = Jan.
month-2 = Feb.
month-3 = März
month-4 = Apr.
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug.
month-9 = Sep.
month-10 = Okt.
month-11 = Nov.
month-12 = Dez.
span-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
}
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s
