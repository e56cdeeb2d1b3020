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
        if self.is_history_public(post_id) and not self._is_deleted_for_good(post_id):
            sentence = f"The text of post {post_id} is corrected, but everybody can still read what it was before: give our account a moderator's right"
            raise unhidden or OutsideError(f"{sentence}, or hide its history in the forum.", kind="rights", permanent=True)

    def is_by_another(self, post: wire.Post) -> bool:
        """Whether somebody else made the latest edit: such an edit always leaves a revision. True as well where we are not shown who it was."""
        path = f"/posts/{post.id}/revisions/latest.json"
        try:
            return self._discourse.get(path).read(wire.Revisions, what=path).username != post.username
        except OutsideError as error:
            if error.kind in ("missing", "rights"):
                return True
            raise

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

    def _is_deleted_for_good(self, post_id: int) -> bool:
        """The last resort, which forums of 2026 have where a site setting and an admin's rights allow it."""
        try:
            self._discourse.delete(f"/posts/{post_id}/revisions/permanently_delete.json")
        except OutsideError as error:
            if error.kind in ("missing", "rights", "invalid"):
                return False
            raise
        return not self.is_history_public(post_id)

    def _hide_one(self, path: str) -> None:
        try:
            self._discourse.put(path)
        except OutsideError as error:
            if error.kind != "missing":  # numbers may have holes
                raise

    def is_history_public(self, post_id: int) -> bool:
        """Whether somebody without an account can read any earlier revision."""
        return self._discourse.is_public(f"/posts/{post_id}/revisions/latest.json")
