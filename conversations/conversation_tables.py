"""The tables of this folder are made together: those of its parts join them."""

from __future__ import annotations

import sqlalchemy as sa

TABLES = sa.MetaData()
