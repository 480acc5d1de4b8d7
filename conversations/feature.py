"""What conversations and links bring to the engine."""

from __future__ import annotations

from pathlib import Path

from fluvial.commands.brought import COMMAND
from fluvial.events.jobs import HOUSEKEEPING, JOB
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import OBJECT_PART, Feature
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB, ObjectTab
from fluvial.pages.record_tabs import RECORD_TAB
from fluvial.pages.template_environment import TEMPLATES
from metamodel.conversation_part import CONVERSATION
from metamodel.timeline_part import TIMELINE

from . import (
    gathered_timeline,
    merge_pages,
    messages_api,
    outside_replies,
    record_merging,
    talk_pages,
)
from .conversation_documents import MAILBOX
from .conversation_tables import TABLES
from .links import link_pages, link_tab, links_api, links_in_texts
from .links.link_documents import LINK
from .mail import (
    arrived_pages,
    mail_commands,
    mail_drafts,
    mail_fetching,
    mail_sending,
    mailbox_api,
)

feature = Feature(
    "conversations",
    kinds=(LINK, MAILBOX),
    tables=TABLES,
    brings=(
        OBJECT_PART(CONVERSATION, TIMELINE),
        ENDPOINT(
            *links_api.ENDPOINTS,
            *link_pages.ENDPOINTS,
            *link_tab.ENDPOINTS,
            *messages_api.ENDPOINTS,
            *talk_pages.ENDPOINTS,
            *record_merging.ENDPOINTS,
            *merge_pages.ENDPOINTS,
            *mailbox_api.ENDPOINTS,
            *arrived_pages.ENDPOINTS,
        ),
        TEMPLATES(Path(__file__).parent / "templates"),
        RECORD_TAB(link_tab.link_tabs),
        links_in_texts.BRINGS,
        outside_replies.BRINGS,
        *mail_sending.BRINGS,
        *talk_pages.BRINGS,
        *merge_pages.BRINGS,
        *gathered_timeline.BRINGS,
        HOUSEKEEPING(mail_drafts.forget),
        NAVIGATION(arrived_pages.entry),
        JOB(mail_fetching.JOB_OF_MAILS),
        COMMAND(mail_commands.add_commands),
        OBJECT_TAB(
            ObjectTab(
                "link",
                "Links",
                "A link lets somebody who does not sign in take one action on one record.",
                position=65,
            ),
            ObjectTab(
                "mailbox",
                "Mailboxes",
                "A mailbox creates a record from each mail that begins a conversation.",
                position=66,
            ),
        ),
    ),
)
