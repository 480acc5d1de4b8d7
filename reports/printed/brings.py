"""What printed documents bring to the engine and to rules."""

from __future__ import annotations

from fluvial.commands.server import SAID_AT_START
from fluvial.http.routes import ENDPOINT
from fluvial.pages.record_offers import RECORD_OFFER
from fluvial.records.drafts.seams import STORED
from rules.action_kinds import ACTION
from rules.effect_senders import EFFECT_SENDER
from rules.mail_attachments import ATTACHED
from rules.template_channels import TEMPLATE_CHANNEL

from . import (
    document_action,
    document_attachments,
    document_trials,
    documents_api,
    issue_checks,
    ordered_prints,
    outside_documents,
    record_documents,
)  # fmt: skip
from .document_channel import CHANNEL
from .printer import missing_words

BRINGS = (
    TEMPLATE_CHANNEL(CHANNEL),
    ENDPOINT(*documents_api.ENDPOINTS, *document_trials.ENDPOINTS),
    ACTION(document_action.PRINT),
    EFFECT_SENDER(document_action.SENDER),
    ATTACHED(document_attachments.ATTACHMENT),
    SAID_AT_START(missing_words),
    STORED(issue_checks.stored),
    RECORD_OFFER(record_documents.offers),
    outside_documents.BRINGS,
    ordered_prints.BRINGS,
)
