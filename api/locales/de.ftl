# Was die Seiten sagen, auf Deutsch. Ein Satz hat einen Namen; siehe `src/pages/words.rs`.

skip-to-content = Zum Inhalt
navigation = Navigation
sign-out = Abmelden
go-on = Weiter
cancel = Abbrechen
more = Mehr
none = Keine
copy = Kopieren
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

## Anmelden

sign-in = Anmelden
code-title = Code eingeben
code-text = Öffnen Sie die Authenticator-App auf Ihrem Telefon und tippen Sie den 6-stelligen Code ein, den sie zeigt.
one-time-code = Einmalcode

## Der erste Link

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

## Das eigene Konto

account-title = Mein Konto
account-devices = Authenticatoren
account-no-devices = Sie haben noch keinen Authenticator. Mit einem öffnet Ihr Passwort allein nichts mehr.
account-add-device = Authenticator hinzufügen
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

security-title = Sicherheit
security-two-factor = Zwei-Faktor-Authentisierung (2FA)
security-state = 2FA steht derzeit auf: { $state }
security-what = Solange 2FA aus ist, melden sich alle mit Authenticator mit Passwort und Code an, alle anderen mit dem Passwort allein.
security-since = Erzwungen seit
security-by = durch { $name }
security-for-good = Alle melden sich mit Passwort und Code an. Das lässt sich nicht rückgängig machen.
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
enforce-no-way-back = Das lässt sich nicht rückgängig machen: nicht durch Sie, nicht durch andere, nicht durch den Betreiber.
enforce-confirm = 2FA erzwingen

invite = Benutzer einladen
invite-text = Sie bekommen eine Mail mit einem Link, der einmal gilt, 7 Tage lang.
invite-submit = Einladung senden
resend = Erneut senden
revoke = Einladung zurücknehmen

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

## Was gerade geschehen ist

done-signed-out = Sie sind abgemeldet.
done-invited = Die Einladung ist unterwegs.
done-resent = Die Einladung wurde mit einem neuen Link erneut gesendet. Der alte Link gilt nicht mehr.
done-revoked = Die Einladung wurde zurückgenommen. Ihr Link gilt nicht mehr.
done-enforced = 2FA ist erzwungen, von jetzt an und für immer.

## Was getippt wurde und nicht gelten kann

rule-email = Geben Sie eine E-Mail-Adresse wie name@example.org ein.
rule-password = Das Passwort muss zwischen 8 und 256 Zeichen haben.
rule-name = Der Name muss zwischen 1 und 200 Zeichen haben, auf einer Zeile.
rule-organization = Der Name der Organisation muss zwischen 1 und 200 Zeichen haben, auf einer Zeile.
rule-device-name = Der Gerätename muss zwischen 1 und 100 Zeichen haben, auf einer Zeile.

## Probleme, nach dem letzten Teil ihrer Art

problem-yours = Das ging nicht
problem-ours = Hier ist etwas schiefgegangen
problem-malformed-json = Das Formular war nicht zu lesen.
problem-unknown-field = Das Formular war nicht zu lesen.
problem-invalid-body = Das Formular ist nicht vollständig.
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
problem-read-model-stopped = Diese Seite kann gerade nicht erstellt werden. Der Betreiber muss sich darum kümmern.
problem-read-model-behind = Diese Seite ist noch nicht auf dem neuesten Stand. Laden Sie sie gleich noch einmal.
problem-busy = Gerade melden sich viele an. Versuchen Sie es gleich noch einmal.
problem-timed-out = Das hat zu lange gedauert. Versuchen Sie es noch einmal.
problem-storage-full = Die Festplatte des Servers ist voll. Der Betreiber muss sich darum kümmern.
problem-storage-unavailable = Das Protokoll ist gerade nicht zu erreichen. Versuchen Sie es noch einmal.
problem-internal = Das liegt nicht an Ihnen. Der Betreiber findet es im Protokoll.
