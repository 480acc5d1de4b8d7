"""The metadata from before the first process comes back, also after processes were at work."""

from __future__ import annotations

from tests.processes.desk import Desk, process, stages, ways


def test_metadata_from_before_the_first_process_comes_back(desk: Desk) -> None:
    before = desk.admin.rows("/api/meta/revisions")[0]["number"]
    route = ways("start > call")
    desk.admin.define(process("short", stages("call"), route))
    run = desk.start("short")
    assert [one["stage"] for one in run["tasks"]] == ["call"]
    reply = desk.admin.post(f"/api/meta/revisions/{before}/rollback")
    assert reply.status == 200, reply.text
    assert desk.admin.get("/api/records/process_task").status == 404
    assert desk.admin.get("/api/processes").status == 200
