"""What each house code means, why it happens and what to do: the words behind `/help/errors/{code}`.

One entry for every code of the contract; a test compares this table with `problems.PROBLEMS` and with the codes a
verdict can carry. `who` is the one who can do something about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The page of one code: its headline, what it means, the usual cause, the next step and whose step it is."""

    title: str
    what: str
    why: str
    step: str
    who: str


YOU = mark("you")
ISSUER = mark("the office that issued the credential")
AGENCY = mark("the agency that asks")
OPERATOR = mark("whoever runs the service")


def _help(title: str, what: str, why: str, step: str, who: str = YOU) -> Help:
    return Help(title=title, what=what, why=why, step=step, who=who)


_REQUESTS: Mapping[str, Help] = {
    "malformed": _help(
        mark("The message could not be read"),
        mark("Something in the message does not have the form that its rules demand, so it was not looked at further."),
        mark("A link was cut when it was copied, or the program that sent it has a mistake."),
        mark("Start again from the page or link you were given. If you wrote the program, read the detail."),
    ),
    "unauthenticated": _help(
        mark("Who is calling is not known"),
        mark("This address answers only to registered staff, agencies or wallets, and no valid token was sent."),
        mark("The token is missing, has ended, or belongs to another service."),
        mark("Send the token that was given to you, in the Authorization header, or ask for a new one."),
        AGENCY,
    ),
    "media_type_unsupported": _help(
        mark("The content type is not accepted"),
        mark("The message was sent with a content type that this address does not read."),
        mark("The program that sent it uses another type than JSON or a form, or it compressed the message."),
        mark("Send it uncompressed, with the content type that the API description names."),
        AGENCY,
    ),
    "too_large": _help(
        mark("The message is too large"),
        mark("The message is larger than this service accepts, so it was not read."),
        mark("A file or picture inside is too big, or more was sent than was asked for."),
        mark("Make the picture smaller or send less at once."),
    ),
    "rate_limited": _help(
        mark("Too many tries"),
        mark("There were too many wrong tries from your address in a short time."),
        mark("A code was typed wrong several times, or somebody else behind the same address is guessing."),
        mark("Wait a minute, then type the code again from the page that shows it."),
    ),
    "unavailable": _help(
        mark("The service cannot do this now"),
        mark("A part of the service that is needed here does not answer. Nothing was half done."),
        mark("Maintenance or a fault."),
        mark("Try again in a few minutes. If it lasts, tell whoever runs the service the id that you see."),
        OPERATOR,
    ),
    "internal": _help(
        mark("The service made a mistake"),
        mark("Something went wrong inside the service. It is not your mistake, and nothing was half done."),
        mark("A fault in the program."),
        mark("Try once more. If it happens again, tell whoever runs the service the id that you see."),
        OPERATOR,
    ),
    "not_found": _help(
        mark("There is nothing here for you"),
        mark("Nothing with this address or code exists, or it is not meant for you. Both look the same on purpose."),
        mark("The code was typed wrong, has run out, or belongs to another browser."),
        mark("Compare the code letter by letter. If it is right, go back and start again."),
    ),
    "conflict": _help(
        mark("This does not fit what is there"),
        mark("What you want to change has changed in the meantime, or it was already done in another way."),
        mark("Two people or two programs worked on the same thing."),
        mark("Look at its present state, then decide again."),
    ),
    "role_missing": _help(
        mark("Your role does not allow this"),
        mark("You are known, but this act belongs to another role, or your training has ended."),
        mark("The role was never given, or it has run out."),
        mark("Ask a colleague who has the role, or renew your training."),
    ),
    "four_eyes_required": _help(
        mark("A second person must decide"),
        mark("This act needs two different people, and you are already one of them."),
        mark("You proposed it yourself, or you are the person it is about."),
        mark("Ask another officer to decide."),
    ),
    "over_asking": _help(
        mark("More is asked than is registered"),
        mark("The agency asks for data that its registered purpose does not cover, so the request was not made."),
        mark("The request names a claim or a type that is not registered, or the wrong purpose."),
        mark("Ask only for the registered claims, or have the purpose registered first."),
        AGENCY,
    ),
    "policy_not_met": _help(
        mark("A rule is not met"),
        mark("Everything was read and checked, but a rule of this service or programme is not met."),
        mark("The detail names the rule and the fact."),
        mark("Read the detail; if the fact is wrong, have it corrected where it is kept."),
    ),
    "duplicate_nullifier": _help(
        mark("This was already done once"),
        mark("This can be done once for each person and occasion, and it has been done."),
        mark("The same ticket, benefit or vote was used before."),
        mark("If it was not you, tell the office that runs the programme at once."),
    ),
    "personal_code_invalid": _help(
        mark("The personal code is not valid"),
        mark("The eleven digits do not fit together: the date is impossible or the check digit is wrong."),
        mark("A digit was typed wrong or two were swapped."),
        mark("Compare the digits with your document."),
    ),
}

_EXCHANGES: Mapping[str, Help] = {
    "offer_expired": _help(
        mark("The offer is over"),
        mark("This offer of a credential cannot be used any more."),
        mark("Its time ran out, it was used, it was withdrawn, or its code was typed wrong five times."),
        mark("Ask the office that made the offer for a new one."),
    ),
    "request_expired": _help(
        mark("The request is over"),
        mark("The request to show a credential has run out. Nothing left your wallet."),
        mark("A request lives five minutes."),
        mark("Press Start again on the page that asked, and use the new code."),
    ),
    "request_replayed": _help(
        mark("This was used before"),
        mark("A value that may be used only once came a second time."),
        mark("The same answer was sent twice, or somebody tries to use a copy of it."),
        mark("Start again with a new request."),
    ),
    "access_denied": _help(
        mark("The request was refused"),
        mark("The wallet shared nothing. It does not say whether you refused or whether no credential fits."),
        mark("You answered no, or the wallet holds nothing that answers the question."),
        mark("If you want to go on, start again and look at what is asked; or choose another way on the page."),
    ),
    "verifier_untrusted": _help(
        mark("The one who asks is not registered"),
        mark("Your wallet does not know who is asking, so it shared nothing."),
        mark("The request was changed on its way, its maker is not registered, or your list is old."),
        mark("Do not go on. If you expected this request, ask the agency; otherwise report it."),
        AGENCY,
    ),
    "tx_code_wrong": _help(
        mark("The code from the slip is wrong"),
        mark("The digits do not match the slip that you were given. After five wrong tries the offer ends."),
        mark("A digit was typed wrong, or the slip belongs to another offer."),
        mark("Type the digits of the slip again."),
    ),
    "nonce_mismatch": _help(
        mark("The answer belongs to another question"),
        mark("Each question carries a fresh random value, and this answer carries another one."),
        mark("An old answer was sent again, or the request was renewed in the meantime."),
        mark("Start again and answer the new request."),
    ),
    "audience_mismatch": _help(
        mark("The answer was made for somebody else"),
        mark("The answer names another receiver than the one who got it."),
        mark("Somebody passes on an answer that you gave to another site."),
        mark("Do not go on. Report the site that asked you."),
        AGENCY,
    ),
    "transaction_mismatch": _help(
        mark("What was confirmed is something else"),
        mark("The confirmation does not belong to the document or payment that was shown."),
        mark("The document, amount or text was changed after you saw it."),
        mark("Do not go on. Start the transaction again and read it before you confirm."),
    ),
    "holder_binding_invalid": _help(
        mark("The credential was not shown by its holder"),
        mark("A credential must be shown with the key it was issued to, and that proof is missing or wrong."),
        mark("It was copied from another wallet, or the wallet has a fault."),
        mark("Show the credential from the wallet that received it."),
    ),
    "query_unsatisfied": _help(
        mark("Not everything that was asked is there"),
        mark("The credentials that came do not together answer the question."),
        mark("One of several needed credentials is missing or is of another type."),
        mark("Get the missing credential, then answer again."),
    ),
    "claim_missing": _help(
        mark("A fact that was asked for is missing"),
        mark("The credential does not hold or does not show a fact that the question needs, or it has another value."),
        mark("The wallet left it out, or the fact is not as the question demands."),
        mark("Look in the wallet whether the credential holds it; if not, ask its issuer."),
    ),
    "claim_unrequested": _help(
        mark("More was shown than was asked"),
        mark("The wallet sent data that nobody asked for. It was refused and not kept."),
        mark("A fault in the wallet."),
        mark("Use an up-to-date wallet."),
    ),
}

_CREDENTIALS: Mapping[str, Help] = {
    "signature_invalid": _help(
        mark("The signature is not right"),
        mark("The credential or the answer was changed after it was signed, or somebody else signed it."),
        mark("It was altered, damaged, or made up."),
        mark("Get a fresh copy from the office that issued it."),
        ISSUER,
    ),
    "disclosure_invalid": _help(
        mark("A shown fact does not belong to the credential"),
        mark("A fact in the answer does not match what the issuer signed."),
        mark("It was changed, or taken from another credential."),
        mark("Show the credential again from your wallet."),
    ),
    "algorithm_not_allowed": _help(
        mark("A weak or unknown method was used"),
        mark("The message was signed or locked by a method that is not on the list of safe ones."),
        mark("An old wallet or issuer, or somebody tries to get round the checks."),
        mark("Use an up-to-date wallet."),
        ISSUER,
    ),
    "type_unexpected": _help(
        mark("This is another kind of credential"),
        mark("The credential is real or not, but it is not of the kind that was asked for."),
        mark("The wrong credential was chosen."),
        mark("Choose the kind of credential that the page names."),
    ),
    "issuer_untrusted": _help(
        mark("The issuer is not trusted for this"),
        mark("Whoever signed the credential is not on the list of those who may issue this kind."),
        mark("It comes from another country or system, or it is made up."),
        mark("Show a credential of an issuer that the page names."),
        AGENCY,
    ),
    "issuer_key_unresolvable": _help(
        mark("The issuer's key could not be found"),
        mark("Without the key nothing can be said about the credential."),
        mark("The issuer's server does not answer, or it has withdrawn the key."),
        mark("Try again later."),
        ISSUER,
    ),
    "credential_expired": _help(
        mark("The credential has ended"),
        mark("Its last day has passed. Cards in a wallet are renewed every few days without your doing."),
        mark("The wallet could not fetch fresh copies, or the right itself has ended."),
        mark("Open your wallet while you are online and refresh; if that does not help, ask the issuer."),
    ),
    "credential_not_yet_valid": _help(
        mark("The credential is not valid yet"),
        mark("Its first day has not come."),
        mark("It was issued ahead of time, or a clock is wrong."),
        mark("Wait for the day, or set the clock of your device."),
    ),
    "credential_revoked": _help(
        mark("The credential was withdrawn for good"),
        mark("Its issuer has withdrawn it. That cannot be undone."),
        mark("It was lost, replaced, or the right has ended. Only the issuer knows why."),
        mark("Ask the issuing office for the reason and for a new one."),
        ISSUER,
    ),
    "credential_suspended": _help(
        mark("The credential is suspended"),
        mark("It does not count for now. A suspension can be lifted."),
        mark("You froze it, or the issuing office did."),
        mark("Ask the issuing office to lift it, then try again."),
        ISSUER,
    ),
    "status_invalid": _help(
        mark("The list of withdrawn credentials is wrong"),
        mark("The list that says whether the credential still counts is not signed or made as it must be."),
        mark("A fault at the issuer, or somebody put another list in its place."),
        mark("Tell the issuing office; until it is mended the credential cannot be accepted."),
        ISSUER,
    ),
    "status_unavailable": _help(
        mark("It is not known whether the credential still counts"),
        mark("The list of withdrawn credentials could not be fetched, or the copy is too old to rely on."),
        mark("The issuer's server or the network is down."),
        mark("Try again in a few minutes."),
        ISSUER,
    ),
    "pin_wrong": _help(
        mark("The PIN is wrong"),
        mark("The PIN you typed is not the one of this wallet. After three wrong tries it is blocked."),
        mark("A digit was typed wrong, or PIN1 and PIN2 were mixed up."),
        mark("Type it again. PIN1 is for showing, PIN2 for signing."),
    ),
    "pin_blocked": _help(
        mark("The PIN is blocked"),
        mark("It was typed wrong three times, so the wallet does not use the key any more."),
        mark("Three wrong tries."),
        mark("Unblock it with the PUK: wallet pin unblock. After three wrong PUKs a new issue is needed."),
    ),
    "wallet_locked": _help(
        mark("The wallet is locked"),
        mark("Its files could not be opened, or another program is using it."),
        mark("The passphrase is wrong, or a second command is running."),
        mark("Wait for the other command to end, or type the passphrase again."),
    ),
}

HELP: Mapping[str, Help] = {**_REQUESTS, **_EXCHANGES, **_CREDENTIALS}
