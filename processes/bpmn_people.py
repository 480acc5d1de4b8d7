"""Who does the tasks of a BPMN file, in the words of several tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .bpmn_graph import BpmnGraph
from .bpmn_words import performer_text, plain, slug_of

Json = dict[str, Any]
STARTER = re.compile(r"\$INITIATOR|[$#]\{(initiator|starter)\}")
OF_ACTIVITI = re.compile(r"(?:user|group)\((.*)\)")
PEOPLE = ("candidateGroups", "assignee", "candidateUsers")
MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class BpmnPeople:
    """`roles` are those that there are, by name and by label; `notes` gets what is left out."""

    def __init__(self, graph: BpmnGraph, roles: Mapping[str, str], notes: list[str]) -> None:
        self.graph, self.roles, self.notes = graph, roles, notes

    def give(self, stage: Json, id: str, own: Json) -> None:
        """Those who do a stage, as far as they are known here."""
        node = self.graph.nodes[id]
        said = [
            one.text
            for owner in node.all("potentialOwner", "humanPerformer", "performer")
            for one in owner.below()
            if one.name == "formalExpression"
        ]
        if said and said == [plain(performer_text(one)) for one in own.get("performers", ())]:
            return
        written = said or [node.said(name) for name in PEOPLE]
        words = [word.strip() for text in written for word in text.split(",") if word.strip()]
        if not words and not own and id in self.graph.lanes:
            words = [self.graph.lanes[id]]
        found = [one for one in map(self._known, words) if one is not None]
        for word in words:
            if self._known(word) is None:
                label = self.graph.called(id)
                self.notes.append(f"{label}: there is no role {word} here, so it was left out.")
        if words and node.name != "callActivity":
            stage.pop("performers", None)
            stage |= {"performers": found} if found else {}

    def _known(self, word: str) -> Json | None:
        word = OF_ACTIVITI.sub(r"\1", word)
        kind, _, name = word.partition(":")
        if word == "starter" or STARTER.fullmatch(word):
            return {"starter": True}
        if name and kind in ("role", "user", "field"):
            return {kind: name}
        role = self.roles.get(word.lower()) or self.roles.get(slug_of(word))
        if role:
            return {"role": role}
        return {"user": word} if MAIL.fullmatch(word) else None
