"""The process that makes PDF of HTML: it knows WeasyPrint, and the pictures that it is given.

A line of JSON in, a line of JSON out. It reaches no network and reads no file of ours. A document
that takes too much memory or time ends this process and not the one that asked.
"""

from __future__ import annotations

import base64
import json
import logging
import resource
import sys
import time
from typing import Any

from .print_words import PICTURE

MEMORY = 1_500_000_000  # bytes of address space
CPU_SECONDS = 40
MAX_PAGES = 500
ELSEWHERE = (
    "{url} is not loaded: printed documents show only pictures of records, such as"
    " {{{{ record.logo | image }}}}."
)

try:
    import weasyprint  # type: ignore[import-untyped]
    from weasyprint.urls import (  # type: ignore[import-untyped]
        FatalURLFetchingError,
        URLFetcher,
        URLFetcherResponse,
    )

    unusable = ""
except (ImportError, OSError) as error:  # pango is a library of the system
    unusable = str(error)


class Troubles(logging.Handler):
    """What WeasyPrint only logs and we tell: pictures that it cannot read."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "image" in message or "Relative URI" in message:
            self.found.append(message)


def fetcher(pictures: dict[str, dict[str, str]], refused: list[str]) -> Any:
    """Answers with the given pictures and with what stands in the document itself; what else a
    document asks for ends it, and is noted: within drawings nobody hears of the error."""

    def refuse(message: str) -> Any:
        refused.append(message)
        raise FatalURLFetchingError(message)

    class Pictures(URLFetcher):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(allowed_protocols=["data"], timeout=1)

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith(PICTURE):
                picture = pictures.get(url[len(PICTURE) :])
                if picture is None:
                    return refuse(f"{url} is not a picture of this record.")
                content = base64.b64decode(picture["content"])
                return URLFetcherResponse(url, content, {"Content-Type": picture["type"]})
            if not url.lower().startswith("data:"):
                return refuse(ELSEWHERE.format(url=url[:200]))
            return super().fetch(url, headers)

    return Pictures()


def named(message: str, pictures: dict[str, dict[str, str]]) -> str:
    """What cannot be read, by the name that people know."""
    for id, picture in pictures.items():
        if id in message:
            return f"The picture {picture['name']} cannot be read. Upload it again as PNG or JPEG."
    if "Relative URI" in message:
        return ELSEWHERE.format(url=message.rpartition(": ")[2][:200])
    return f"A picture cannot be read: {message[:200]}"


def printed(job: dict[str, Any]) -> dict[str, Any]:
    """`{"pdf": ..., "pages": ...}`, or `{"fault": "..."}` with the reason in words."""
    troubles, refused = Troubles(), list[str]()
    log = logging.getLogger("weasyprint")
    log.addHandler(troubles)
    try:
        source = weasyprint.HTML(string=job["html"], url_fetcher=fetcher(job["pictures"], refused))
        document = source.render()
        if len(document.pages) > MAX_PAGES:
            return {"fault": f"It has {len(document.pages):,} pages; {MAX_PAGES} are possible."}
        pdf = document.write_pdf()
    except FatalURLFetchingError as error:
        return {"fault": str(error)}
    except MemoryError:
        return {"fault": "The document uses too much memory."}
    except RecursionError:
        return {"fault": "The elements of the document are nested too deeply."}
    except Exception as error:  # whatever the style of a document leads to
        return {"fault": f"The document cannot be printed: {error}"}
    finally:
        log.removeHandler(troubles)
    if refused:
        return {"fault": refused[0]}
    if troubles.found:
        return {"fault": named(troubles.found[0], job["pictures"])}
    return {"pdf": base64.b64encode(pdf).decode(), "pages": len(document.pages)}


def limit_cpu() -> None:
    """Some seconds from now on; the kernel ends the process behind them."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_SECONDS + 1, hard))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.getLogger("weasyprint").propagate = False
    for line in sys.stdin:
        limit_cpu()
        answer = {"missing": unusable} if unusable else printed(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
