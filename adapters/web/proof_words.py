"""What the browser says while it checks a proof, in the language spoken: the script has no words of its own."""

from adapters.language import _


def words() -> dict[str, str]:
    """Messages by the names under which the script asks for them; names in braces are filled in there."""
    return {
        "checking": _("Checking …"),
        "valid": _("VALID: all {count} entries stand, unchanged, in the checkpoint of {size} entries that the key signed"),
        "invalid": _("INVALID: something does not hold; it is marked below"),
        "notChecked": _("NOT CHECKED"),
        "insecure": _("this browser checks nothing on a page that does not come over https; check the bundle instead"),
        "unsupported": _("this browser does not know Ed25519 signatures; check the bundle instead"),
        "unreachable": _("the server does not hand the proof out now"),
        "noKey": _("without the desk's public key there is nothing to check the signature with"),
        "uncovered": _("every entry of this ticket was recorded after the last checkpoint"),
        "key": _("This is not a public key of a desk."),
        "note": _("This is not a signed checkpoint."),
        "proof": _("This is not a proof of an entry."),
        "leaf": _("What is hashed is not an entry of the ledger."),
        "size": _("One checkpoint: {size} entries, root {root}"),
        "otherNote": _("The entries are proved under different checkpoints."),
        "signed": _("Signed with the key {name}, id {id}"),
        "otherKey": _("Not signed with the key {name}, id {id}"),
        "held": _("The checkpoint you hold has the same root, and is signed."),
        "otherHeld": _("The checkpoint you hold has another root, or is not signed with this key: history was changed."),
        "otherSize": _(
            "The checkpoint you hold is of {held} entries, this one of {size}: only the bundle can lead from one to the other."
        ),
        "versions": _("No entry of the ticket is left out between the first and the last of {count}."),
        "missing": _("An entry of the ticket is missing: its versions are not 1, 2, 3, …"),
        "lost": _("Shown above, but without a proof though the checkpoint is over them: {positions}"),
        "later": _("Not covered, since they were recorded after the checkpoint: {positions}."),
        "entry": _("Entry {position}"),
        "hashed": _("Leaf: SHA-256 of 00 and the {count} bytes below is {hash}"),
        "left": _("with {sibling} to its right: {hash}"),
        "right": _("with {sibling} to its left: {hash}"),
        "root": _("That is the root of the checkpoint."),
        "otherRoot": _("That is not the root of the checkpoint."),
        "place": _("It is entry {position}, version {version} of {stream}, and stands in that place."),
        "otherPlace": _("It is not the entry of that place."),
        "shown": _("What this page shows of it is what was signed (sealed texts aside)."),
        "otherShown": _("What this page shows of it is not what was signed."),
        "edit": _("The bytes that were hashed. Change a letter, and see that it is found out:"),
        "limits": _(
            "What a proof does not prove: that what was written down is true, that nothing was left out before it was written "
            "down, or what came after the checkpoint. The program that checks it says so too."
        ),
    }  # fmt: skip
