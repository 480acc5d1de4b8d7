"""What boards and pins bring to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fluvial.auth.access import Access
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.pages.designers import DESIGNER
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.list_offers import LIST_OFFER
from fluvial.pages.navigation import NAVIGATION, NavigationItem
from fluvial.pages.object_tabs import OBJECT_TAB, ObjectTab
from fluvial.pages.pin_offers import PINS
from fluvial.pages.template_environment import TEMPLATES
from metamodel.catalog import Catalog

from . import board_pages, boards_api, kanban_designers, made_from_lists, own_pin_pages
from .board_documents import BOARD, PIN
from .board_reader import boards_for
from .home_pins import home_pins
from .ranks import TABLES


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The boards, in the groups of their objects."""
    return [
        NavigationItem(
            group=catalog.objects[board.object].group,
            label=board.label,
            icon=board.icon,
            href=f"/boards/{board.name}",
            object=board.object,
        )
        for board in boards_for(catalog, access)
    ]


feature = Feature(
    "kanban",
    kinds=(BOARD, PIN),
    tables=TABLES,
    brings=(
        ENDPOINT(
            *boards_api.ENDPOINTS,
            *board_pages.ENDPOINTS,
            *made_from_lists.ENDPOINTS,
            *own_pin_pages.ENDPOINTS,
        ),
        TEMPLATES(Path(__file__).parent / "templates"),
        NAVIGATION(navigation),
        PINS(home_pins),
        LIST_OFFER(made_from_lists.offers),
        DESIGNER(*kanban_designers.DESIGNERS),
        DOCUMENT_PREVIEW(*kanban_designers.PREVIEWS),
        OBJECT_TAB(
            ObjectTab(
                "board",
                "Boards",
                "A board shows records as cards in the columns of a choice or a look-up.",
                position=30,
            ),
            ObjectTab(
                "pin",
                "Pins",
                "A pin shows a number on the home page and opens the records behind it.",
                position=70,
            ),
        ),
    ),
)
