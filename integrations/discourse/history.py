"""What a post said before: hidden, and then looked for as somebody without an account would."""

from __future__ import annotations

from integrations.discourse import wire
from integrations.discourse.client import Discourse
from peerplugin.errors import OutsideError


class History:
    """The edit history of posts. It is public unless the site says otherwise, and outlives a correction."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse

    def hide(self, post_id: int) -> None:
        """Hide every earlier revision, and look as everybody does whether it worked."""
        unhidden = self.try_to_hide(post_id)
        if self.is_history_public(post_id):
            sentence = f"The text of post {post_id} is corrected, but everybody can still read what it was before: give our account a moderator's right"
            raise unhidden or OutsideError(f"{sentence}, or hide its history in the forum.", kind="rights", permanent=True)

    def try_to_hide(self, post_id: int) -> OutsideError | None:
        """Hide every earlier revision; the refusal, if our account has not the right."""
        path = f"/posts/{post_id}/revisions"
        try:
            left = self._discourse.get(f"{path}/latest.json").read(wire.Revisions, what=f"{path}/latest.json")
            for number in range(left.first_revision, left.last_revision + 1):
                self._hide_one(f"{path}/{number}/hide.json")
        except OutsideError as error:
            if error.kind == "missing":  # there is no revision
                return None
            if error.kind != "rights":
                raise
            sentence = f"Post {post_id} is corrected, but our account may not hide what it said before: make it a moderator, or hide its history in the forum."
            return OutsideError(sentence, kind="rights", permanent=True)
        return None

    def _hide_one(self, path: str) -> None:
        try:
            self._discourse.put(path)
        except OutsideError as error:
            if error.kind != "missing":  # numbers may have holes
                raise

    def is_history_public(self, post_id: int) -> bool:
        """Whether somebody without an account can read any earlier revision."""
        try:
            self._discourse.get(f"/posts/{post_id}/revisions/latest.json", anonymous=True)
        except OutsideError as error:
            if error.kind in ("missing", "rights"):
                return False
            raise
        return True
