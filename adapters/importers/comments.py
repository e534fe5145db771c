"""Translates comments on help-desk tickets, one sentence a row, into entries by who wrote them and what they
say.

What a text means is judged by the rules of TEXT_RULES and by nothing else; who belongs to the team, by what
the file shows of them. The comments are few, and whether a reminder went unanswered lies ahead of it: the log
is held whole while translated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from pathlib import Path
from typing import Any

from adapters.importers.contract import NOBODY_KNOWN, UNSTATED_RANK, ImportOptions, Scribe
from adapters.importers.reading import Row, Translated, Unreadable, read_rows

SOURCE = "comments"
COLUMNS = ("issueid", "comment_seq", "author", "created", "is_private", "actionbody", "author_role")
CHANNEL = "portal"  # comments on a tracker: the log has no channel
HIGHEST_INTERNAL_LEVEL = 3
LONGEST_NOTE = 8_000  # characters; the ledger takes 64 KiB
LONGEST_SUBJECT = 120

_MISSED = r"(?:not|\w+n't) (?:have|receiv\w*|get|got)(?: an?y?| your)?"
_NOT_GIVEN = rf"(?:no|lack(?: of)?|late|without(?: any)?|{_MISSED})"
_NO_ANSWER = rf"(?:\b{_NOT_GIVEN}\b[\w ]{{0,25}}\b(?:response|reply|feedback|answer|updates?)\b)"
_CLOSE = r"(?:\bclos(?:e|ed|ing)\b)"
_CONDITION = r"(?:\b(?:if|unless|in case|otherwise|else|before)\b)"

# What a comment of the team says, and the entry that makes; the first found in the lower-case text counts.
# Of comments the client cannot see only `Escalated` is taken down.
TEXT_RULES: tuple[tuple[re.Pattern[str], str, dict[str, Any]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind_of_entry, fields)
    for pattern, kind_of_entry, fields in (
        # posted by the system within a minute of each opening: it answers nobody
        (r"policy for tickets waiting customer feedback", "automatic-notice", {}),
        # announces a closing unless the client answers: not yet one
        (rf"{_CONDITION}[^.]{{0,40}}{_NO_ANSWER}.{{0,80}}{_CLOSE}", "FollowedUp", {"kind": "follow_up"}),
        (rf"{_CLOSE}.{{0,60}}{_CONDITION}[^.]{{0,40}}{_NO_ANSWER}", "FollowedUp", {"kind": "follow_up"}),
        (rf"{_NO_ANSWER}.{{0,120}}{_CONDITION}[^.]{{0,20}}{_CLOSE}", "FollowedUp", {"kind": "follow_up"}),
        # closed as no response
        (rf"{_NO_ANSWER}.{{0,160}}{_CLOSE}", "Closed", {"reason": "unresponsive"}),
        (rf"{_CLOSE}.{{0,80}}{_NO_ANSWER}", "Closed", {"reason": "unresponsive"}),
        # passed on inside the desk
        (r"\b(?:first|second|third) escalation\b", "Escalated", {}),
        (r"\bescalated (?:internally|to (?:the|our))\b|^escalation\b", "Escalated", {}),
        # asks again
        (r"\breminder\b|\bkindly remind\b", "ContactAttempted", {"channel": CHANNEL}),
        # closes, or says it will, for another reason
        (rf"\b(?:will be|is|as|consider\w*|am|we) (?:now )?{_CLOSE}", "FollowedUp", {"kind": "closing"}),
        # asks the client for something
        (
            r"\?|\b(?:please|kindly|pls)\.? (?:also )?"
            r"(?:provide|share|send|attach|confirm|advise|update|let us know|check|try|test)\b"
            r"|\bwaiting (?:for )?(?:your|the)\b|\bneed (?:you|your)\b",
            "InformationRequested",
            {},
        ),
        (r"", "FollowedUp", {"kind": "progress"}),
    )
)


@dataclass(slots=True)
class Comment:
    """One comment: the lines of its rows, and what they say together. `at` in UTC."""

    sequence: int
    at: datetime
    author: str
    role: str
    private: bool
    lines: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


@dataclass(slots=True)
class Thread:
    """What has been told so far of the ticket that an issue is at present: the first, or one that continues
    it."""

    issue: str
    requester: str
    ticket: str
    generation: int = 1
    responded: bool = False
    asked: bool = False
    closed: bool = False
    level: int = 1


def translate(file: Path, options: ImportOptions) -> Iterator[Translated]:
    """Every row of the log at `file`, each once: unreadable rows first, then issue by issue in the order they
    first occur, their comments by time. A comment's entries go with its first row. Row 0 is client and
    policy.

    Times carry their offset; one that does not is read in `options.time_zone`. Raises ImportFileError for a
    file that is none.
    """
    issues: dict[str, dict[int, Comment]] = {}
    for row in read_rows(file, COLUMNS):
        problem = row if isinstance(row, Translated) else _gather(issues, row, options.time_zone)
        if problem is not None:
            yield problem
    comments = [comment for gathered in issues.values() for comment in gathered.values()]
    if not comments:
        return
    team = {one.author for one in comments if one.role == "assignee" or (one.private and one.role != "reporter")}
    scribe = Scribe(SOURCE, options.contract, min(comment.at for comment in comments))
    yield Translated(0, scribe.stage(), None)
    for issue, gathered in issues.items():
        yield from _translate_issue(scribe, team, issue, sorted(gathered.values(), key=attrgetter("at", "sequence")))


def _gather(issues: dict[str, dict[int, Comment]], row: Row, zone: tzinfo | None) -> Translated | None:
    """Adds the sentence of a row to its comment; answers a row that cannot be read."""
    try:
        number, sequence = str(row.count("issueid")), row.count("comment_seq")
        at, author, private = (
            row.instant("created", zone).astimezone(UTC),
            row.name("author"),
            row.count("is_private"),
        )
        role = row.cells["author_role"]
        if role not in ("reporter", "assignee", "others"):
            raise Unreadable("unknown-role:author_role")
    except Unreadable as problem:
        return Translated(row.line, (), str(problem))
    comment = issues.setdefault(number, {}).setdefault(sequence, Comment(sequence, at, author, role, private == 1))
    comment.lines.append(row.line)
    comment.sentences.append(row.cells["actionbody"].strip())
    return None


def _translate_issue(scribe: Scribe, team: set[str], issue: str, comments: list[Comment]) -> Iterator[Translated]:
    requester = next((comment.author for comment in comments if comment.role == "reporter"), NOBODY_KNOWN)
    thread = Thread(issue, requester, f"issue-{issue}")
    for index, comment in enumerate(comments):
        entries, reason = _translate_comment(scribe, team, thread, comments, index)
        yield Translated(comment.lines[0], tuple(entries), None if entries else reason)
        yield from (Translated(line, (), "same-comment") for line in comment.lines[1:])


def _translate_comment(
    scribe: Scribe, team: set[str], thread: Thread, comments: list[Comment], index: int
) -> tuple[list[dict[str, Any]], str | None]:
    comment = comments[index]
    if index == 0:
        return _opening(scribe, thread, comment), None
    if _of_client(comment, team):
        return _of_the_client(scribe, thread, comment)
    kind_of_entry, fields = judge(comment.text)
    if thread.closed:
        return [], "internal-comment" if comment.private else "after-closing"
    if kind_of_entry == "Escalated":
        return _escalation(scribe, thread, comment)
    if comment.private or kind_of_entry == "automatic-notice":
        return [], "internal-comment" if comment.private else "automatic-notice"
    if kind_of_entry == "ContactAttempted":
        fields = fields | {"outcome": "answered" if _answered(comments, index, team) else "unanswered"}
    return _of_the_team(scribe, thread, comment, kind_of_entry, fields), None


def judge(text: str) -> tuple[str, dict[str, Any]]:
    """The entry type, or reason, and the fields that TEXT_RULES give a comment of the team."""
    lowered = text.lower()
    return next((kind, dict(fields)) for pattern, kind, fields in TEXT_RULES if pattern.search(lowered))


def _of_client(comment: Comment, team: set[str]) -> bool:
    """The reporter, or a bystander whom nothing in the file shows to be of the team, writing for all to
    see."""
    return comment.role == "reporter" or (comment.role == "others" and comment.author not in team)


def _answered(comments: list[Comment], index: int, team: set[str]) -> bool:
    """Whether the client writes after this reminder and before the team next does so openly."""
    for later in comments[index + 1 :]:
        if _of_client(later, team):
            return True
        if not later.private:
            return False
    return False


def _entry(
    scribe: Scribe, thread: Thread, comment: Comment, kind_of_entry: str, noted: bool = False, **fields: Any
) -> dict[str, Any]:
    note = (comment.text[:LONGEST_NOTE] or None) if noted else None
    mark = f"{thread.issue}:{comment.sequence}"
    return scribe.ticket_entry(kind_of_entry, thread.ticket, comment.at, mark, by=comment.author, note=note, **fields)


def _opening(scribe: Scribe, thread: Thread, comment: Comment, continues: str | None = None) -> list[dict[str, Any]]:
    subject = comment.text.strip() or f"Issue {thread.issue}"
    return scribe.opening(
        thread.ticket, comment.at, f"{thread.issue}:{comment.sequence}", thread.requester, by=comment.author,
        channel=CHANNEL, priority=scribe.contract.priority(UNSTATED_RANK), subject=subject[:LONGEST_SUBJECT],
        continues=continues,
    )  # fmt: skip


def _of_the_client(scribe: Scribe, thread: Thread, comment: Comment) -> tuple[list[dict[str, Any]], str | None]:
    """A comment after the closing asks for help again: a new ticket (gs.2.4). Before it, an answer if one was
    asked for."""
    if thread.closed:
        old, thread.generation = thread.ticket, thread.generation + 1
        thread.ticket = f"issue-{thread.issue}-{thread.generation}"
        thread.responded, thread.asked, thread.closed, thread.level = False, False, False, 1
        return _opening(scribe, thread, comment, continues=old), None
    if not thread.asked:
        return [], "unasked-comment"
    thread.asked = False
    return [_entry(scribe, thread, comment, "InformationReceived", noted=True)], None


def _escalation(scribe: Scribe, thread: Thread, comment: Comment) -> tuple[list[dict[str, Any]], str | None]:
    """To the next level: the text gives none, and level 4 would need the vendor's case number. Seen by the
    client, it is the first answer as well, if there was none."""
    entries = [] if comment.private else _first_answer(scribe, thread, comment)
    if thread.level >= HIGHEST_INTERNAL_LEVEL:
        return entries, "already-at-level"
    thread.level += 1
    reason = comment.text[:LONGEST_NOTE]
    return [*entries, _entry(scribe, thread, comment, "Escalated", level=thread.level, reason=reason)], None


def _first_answer(scribe: Scribe, thread: Thread, comment: Comment) -> list[dict[str, Any]]:
    if thread.responded:
        return []
    thread.responded = True
    return [_entry(scribe, thread, comment, "Responded", consultant=comment.author)]


def _of_the_team(
    scribe: Scribe, thread: Thread, comment: Comment, kind_of_entry: str, fields: dict[str, Any]
) -> list[dict[str, Any]]:
    entries = _first_answer(scribe, thread, comment)
    if kind_of_entry == "FollowedUp" and entries:
        return entries  # the first answer is that, and not a follow-up to itself
    thread.asked = thread.asked or kind_of_entry == "InformationRequested"
    thread.closed = kind_of_entry == "Closed"
    if kind_of_entry == "FollowedUp":
        fields = fields | {"consultant": comment.author}
    noted = kind_of_entry in ("FollowedUp", "InformationRequested")
    return [*entries, _entry(scribe, thread, comment, kind_of_entry, noted=noted, **fields)]
