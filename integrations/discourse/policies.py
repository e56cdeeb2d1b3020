"""What the whole forum is set to do with posts: who reads their history, who is mailed, what summarises them; its plugins and its language."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.discourse.address import Forum
from integrations.discourse.capability import Capability
from integrations.discourse.looks import Looks, SiteSettings, attempt
from integrations.discourse.rights import OLD_TEXTS, Key
from integrations.discourse.wire import Found

SEARCHES = "30 searches a minute for an account, 15 without one"


def policies(forum: Forum, key: Key) -> Iterator[Capability]:
    """Everything that one look at the settings tells; where they do not show, what a person must look at."""
    settings = forum.settings
    if settings is None:
        yield _unseen("edit history", "Admin, Settings, Posting: `edit_history_visible_to_public` should be off.")
        yield _unseen("AI summaries", "Admin, Plugins, AI: summaries, gists and translations should be off, or leave our category out.")
        yield _unseen("mails", "Admin, Settings, Email: digests and the mailing list mode should leave our category out.")
        return
    yield _history(settings, key)
    yield _artificial(settings)
    yield from _mails(settings)
    yield from _plugins(settings)
    yield from _language(settings.default_locale or forum.about.locale)


def _unseen(what: str, mend: str) -> Capability:
    return Capability(what, "unknown", "The forum's settings do not show.", how="", mend=mend)


def _history(settings: SiteSettings, key: Key) -> Capability:
    what, mend = "earlier texts of posts are hidden", "Admin, Settings, Posting: switch `edit_history_visible_to_public` off."
    if settings.edit_history_visible_to_public is None:
        return _unseen(what, mend)
    if not settings.edit_history_visible_to_public:
        return Capability(what, "ok", "for everybody but the staff", how="inferred")
    if key.is_staff or key.account is None or not key.is_let_in:
        note = "Everybody can read them; we hide those of each post that we correct for somebody's sake, one by one."
        return Capability(what, "advice", note, how="inferred", without="they can be read until we have hidden them", mend=mend)
    note = "Everybody can read what a post said before it was corrected, and our account may not hide it."
    return Capability(what, "no", note, how="inferred", without=OLD_TEXTS, mend=mend)


def _artificial(settings: SiteSettings) -> Capability:
    what = "no machine words our topics anew"
    mend = "Admin, Plugins, AI, Features: switch it off, or limit it to groups and categories without ours."
    if not settings.discourse_ai_enabled:
        note = "the AI plugin is off" if settings.discourse_ai_enabled is False else "there is no AI plugin"
        return Capability(what, "ok", note, how="inferred", fits="2026" if settings.discourse_ai_enabled is False else "both")
    uses = {
        "summaries": settings.ai_summarization_enabled,
        "gists in the list of topics": settings.ai_summary_gists_enabled,
        "answers from topics": settings.ai_ask_ai_enabled or settings.ai_discover_enabled,
        "translations": settings.ai_translation_enabled,
    }
    on = [name for name, switch in uses.items() if switch]
    if not on:
        note = "The AI plugin is on; its summaries and translations are off, other uses do not show."
        return Capability(what, "unknown", note, how="inferred", mend=mend, fits="2026")
    note = f"The AI plugin makes {', '.join(on)}."
    without = "readers see texts that no moderator approved, and they may outlive an erasure"
    return Capability(what, "no", note, how="inferred", without=without, mend=mend, fits="2026")


def _mails(settings: SiteSettings) -> Iterator[Capability]:
    what = "our topics are not mailed to many"
    ways = []
    if settings.disable_digest_emails is False:
        ways.append(("summaries by mail (digests)", "Admin, Settings, Email: name our category in `digest_suppress_categories`."))
    if settings.disable_mailing_list_mode is False:
        ways.append(("mailing list mode", "Admin, Settings, Email: switch `disable_mailing_list_mode` on."))
    if not ways:
        yield Capability(what, "ok", "digests and mailing list mode are off", how="inferred")
    for way, mend in ways:
        note = f"Members may be sent them: {way}. (A category that was left out does not show to us.)"
        yield Capability(what, "advice", note, how="inferred", without="what was mailed cannot be taken back", mend=mend)


def plugins(forum: Forum) -> frozenset[str] | None:
    """Which plugins are on that a post of ours can use; None: the settings do not show."""
    settings = forum.settings
    if settings is None:
        return None
    uses = {
        "local-dates": settings.discourse_local_dates_enabled,
        "events": settings.calendar_enabled and settings.discourse_post_event_enabled,
    }
    return frozenset(name for name, is_on in uses.items() if is_on)


def _plugins(settings: SiteSettings) -> Iterator[Capability]:
    if settings.discourse_local_dates_enabled:
        yield Capability("dates in each reader's time", "ok", "local dates are on", how="inferred")
    else:
        without = "dates stand in the group's own time alone"
        mend = "Admin, Plugins: switch on Local Dates."
        yield Capability("dates in each reader's time", "advice", "Local dates are off.", how="inferred", without=without, mend=mend)
    if settings.calendar_enabled and settings.discourse_post_event_enabled:
        yield Capability("announce meetings", "ok", "as events: the events plugin is on", how="inferred", fits="2026")
    else:
        yield Capability("announce meetings", "ok", "as plain posts: there is no events plugin, or it is off", how="inferred")


def _language(locale: str) -> Iterator[Capability]:
    if locale and not locale.startswith("en"):
        yield Capability(
            "the forum answers us in English",
            "advice",
            f"The forum's language is {locale}.",
            how="inferred",
            without="a title that is taken is not recognised, since the forum says so in words only",
            mend="Admin, Settings: switch `allow_user_locale` on. Then log in as our account: Preferences, Interface, language: English.",
        )


def search(looks: Looks) -> Capability:
    """Whether everybody can search."""
    what, without = "everybody can search", "the posts are found by search engines alone"
    found = attempt(lambda: looks.search(anonymous=True))
    if not isinstance(found, Found):
        if found.kind != "rights":
            return Capability(what, "unknown", found.sentence, without=without)
        mend = "Admin, Settings: let visitors read the forum (`login_required`)."
        return Capability(what, "no", "The forum does not let visitors search.", without=without, mend=mend)
    if found.grouped_search_result is not None and found.grouped_search_result.error:
        return Capability(what, "unknown", f"The limit is used up just now ({SEARCHES}); try again in a minute.", without=without)
    return Capability(what, "ok", SEARCHES)
