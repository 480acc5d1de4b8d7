"""Web forms: their documents checked and compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.pages.page_looks import PageLook, look_of
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.errors import ValueFault
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from metamodel.folding import humanise, label_text
from metamodel.reach import Reach
from rules.filled import is_template

RATE = "20/hour"
MIN_SECONDS = 3
IGNORED = ("utm_*",)
TRAPS = ("homepage", "fax_number", "second_email")  # names of the field for machines
CONTROLS = ("token", "step", "press", "proof", "proof_bits", "prefill")
SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, eq=False)
class FormQuestion:
    """A field as a form asks for it."""

    field: Field
    label: str
    help: str
    required: bool
    visible: Expression | None = None
    needed: Expression | None = None  # when an answer is required


@dataclass(frozen=True, eq=False)
class FormStep:
    name: str
    label: str
    help: str
    questions: tuple[FormQuestion, ...]


@dataclass(frozen=True, eq=False)
class WebForm:
    """A web form, compiled."""

    name: str
    label: str
    help: str
    object: str
    slug: str
    active: bool
    origins: tuple[str, ...]
    steps: tuple[FormStep, ...]
    fixed: Mapping[str, Any]  # canonical values
    prefill: tuple[Field, ...]
    ignore: tuple[str, ...]
    trap: str  # the name of the honeypot, "" where there is none
    min_seconds: int
    rate: str
    proof_of_work: bool
    api: bool
    submit: str
    title: str
    message: str
    redirect: str
    look: PageLook

    @property
    def questions(self) -> dict[str, FormQuestion]:
        return {q.field.name: q for step in self.steps for q in step.questions}

    def ignores(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.ignore)


def webforms_of(catalog: Catalog) -> Mapping[str, WebForm]:
    """The web forms by their slug."""
    return catalog.derive(_compiled)


def find_webform(catalog: Catalog, slug: str) -> WebForm:
    form = webforms_of(catalog).get(slug)
    if form is None or not form.active:
        raise NotFound(f"There is no form at /forms/{slug}.")
    return form


def _compiled(catalog: Catalog) -> Mapping[str, WebForm]:
    forms = (compiled_webform(catalog, document) for document in catalog.of("webform").values())
    return {form.slug: form for form in forms}


def compiled_webform(catalog: Catalog, document: Document) -> WebForm:
    """The form of a document that is known to be sound."""
    body = document.body
    type_ = catalog.objects[body["object"]]
    spam, done = body.get("spam", {}), body.get("done", {})
    fixed = {
        name: type_.fields[name].kind.parse(type_.fields[name], raw)
        for name, raw in body.get("fixed", {}).items()
    }
    return WebForm(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        help=label_text(body.get("help", "")),
        object=type_.name,
        slug=body["slug"],
        active=body.get("active", True),
        origins=tuple(origin.lower() for origin in body.get("origins", ())),
        steps=tuple(_step(catalog, type_, step) for step in body["steps"]),
        fixed=fixed,
        prefill=tuple(type_.fields[name] for name in body.get("prefill", ())),
        ignore=tuple(body.get("ignore", IGNORED)),
        trap=_trap(type_) if spam.get("honeypot", True) else "",
        min_seconds=spam.get("min_seconds", MIN_SECONDS),
        rate=spam.get("rate", RATE),
        proof_of_work=spam.get("proof_of_work", False),
        api=spam.get("api", False),
        submit=label_text(body.get("submit", "Send")),
        title=label_text(done.get("title", "Thank you")),
        message=label_text(done.get("message", "We have received your answers.")),
        redirect=done.get("redirect", ""),
        look=look_of(body),
    )


def _condition(catalog: Catalog, type_: ObjectType, source: Any) -> Expression | None:
    if not isinstance(source, str):
        return None
    return compile_expression(source, scope_of(catalog, type_.name), BOOLEAN)


def _step(catalog: Catalog, type_: ObjectType, step: Mapping[str, Any]) -> FormStep:
    questions = []
    for entry in step["fields"]:
        field = type_.fields[entry["field"]]
        questions.append(
            FormQuestion(
                field,
                label_text(entry.get("label", field.label)),
                label_text(entry.get("help", field.option("help", ""))),
                entry.get("required", field.required) is True or field.required,
                _condition(catalog, type_, entry.get("visible")),
                _condition(catalog, type_, entry.get("required")),
            )
        )
    label = label_text(step.get("label", humanise(step["name"])))
    return FormStep(step["name"], label, label_text(step.get("help", "")), tuple(questions))


def _trap(type_: ObjectType) -> str:
    return next(name for name in (*TRAPS, f"{type_.name}_code") if name not in type_.fields)


def check_webform(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for other in check.documents.get("webform", {}).values():
        if other.name < document.name and other.body.get("slug") == body["slug"]:
            check.fault(
                "/slug",
                "slug_taken",
                f"The form {other.name} has the address `{body['slug']}`.",
                "Use another slug.",
            )
    object = check.object("/object", body["object"])
    if object is None:
        return
    placed = _check_steps(body, object, check)
    _check_fixed(body.get("fixed", {}), object, check)
    for at, name in enumerate(body.get("prefill", ())):
        field = check.field(f"/prefill/{at}", object, name)
        if field is not None and not field.writable:
            _made(f"/prefill/{at}", field, check)
    for name in SLOT.findall(label_text(body.get("done", {}).get("message", ""))):
        check.field("/done/message", object, name)
    _check_complete(body, object, placed, check)


def webform_acts(document: Document, _: Catalog) -> Iterator[Reach]:
    """It makes a record with what people answer, and with what it sets itself."""
    body = document.body
    yield Reach("/object", "create", body["object"], everywhere=True)
    for at, step in enumerate(body["steps"]):
        for i, entry in enumerate(step["fields"]):
            pointer = f"/steps/{at}/fields/{i}/field"
            yield Reach(pointer, "create", body["object"], entry["field"], everywhere=True)
    for name in body.get("fixed", {}):
        yield Reach(f"/fixed/{name}", "create", body["object"], name, everywhere=True)
    for at, name in enumerate(body.get("prefill", ())):
        yield Reach(f"/prefill/{at}", "create", body["object"], name, everywhere=True)


def _check_steps(
    body: Mapping[str, Any], object: ObjectType, check: DocumentCheck
) -> dict[str, bool]:
    """The fields on the form, and whether each is required."""
    check.names("/steps", (s["name"] for s in body["steps"]), "step")
    placed: dict[str, bool] = {}
    for at, step in enumerate(body["steps"]):
        for i, entry in enumerate(step["fields"]):
            pointer = f"/steps/{at}/fields/{i}/field"
            field = check.field(pointer, object, entry["field"])
            if field is None:
                continue
            _check_asked(pointer, field, check)
            if field.name in placed or field.name in body.get("fixed", {}):
                check.fault(
                    pointer, "placed_twice", f"`{field.name}` is on the form twice.", "Keep one."
                )
            placed[field.name] = entry.get("required", field.required) is True
            for name in ("visible", "required"):
                if isinstance(entry.get(name), str):
                    check.condition(f"/steps/{at}/fields/{i}/{name}", entry[name], object.name)
    return placed


def _check_asked(pointer: str, field: Field, check: DocumentCheck) -> None:
    """Whether a field may be asked of everybody."""
    if field.type.objects:
        check.fault(
            pointer,
            "looks_up",
            f"`{field.name}` would show your records to everybody.",
            "Set it under `fixed`, or by a signed link under `prefill`.",
        )
    elif is_template(field):
        check.fault(
            pointer,
            "is_template",
            f"People could use `{field.name}` to read your records.",
            "Use a long text in another format.",
        )
    elif not field.writable or field.formula is not None:
        _made(pointer, field, check)
    if field.name in CONTROLS:
        check.fault(
            pointer,
            "taken_by_the_form",
            f"The form itself sends `{field.name}`, so it cannot ask for it.",
            "Give the field another name.",
        )


def _made(pointer: str, field: Field, check: DocumentCheck) -> None:
    check.fault(pointer, "read_only", f"`{field.name}` is set by the system.", "Remove it.")


def _check_fixed(fixed: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    for name, raw in fixed.items():
        field = check.field(f"/fixed/{name}", object, name)
        if field is None:
            continue
        if not field.writable:
            _made(f"/fixed/{name}", field, check)
            continue
        try:
            field.kind.parse(field, raw)
        except ValueFault as fault:
            check.fault(f"/fixed/{name}", fault.code, fault.message)


def _check_complete(
    body: Mapping[str, Any], object: ObjectType, placed: Mapping[str, bool], check: DocumentCheck
) -> None:
    """Fields that every record needs come from somewhere."""
    given = {*placed, *body.get("fixed", {}), *body.get("prefill", ())}
    for field in object.own_fields:
        if not field.required or not field.kind.editable or field.name in given:
            continue
        if field.option("default") is None:
            check.fault(
                "/steps",
                "never_complete",
                f"Every {object.label.lower()} needs `{field.name}`, and the form does not set it.",
                "Ask for it in a step, or set it under `fixed`.",
            )
