"""The printing process of a server on which pango is missing."""

import sys

sys.modules["weasyprint"] = None  # type: ignore[assignment]

from reports.printed.printing_process import main  # noqa: E402

if __name__ == "__main__":
    main()
