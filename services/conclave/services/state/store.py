"""Transactions: one unit of work after the other, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conclave.services.state.migrate import migrate
from conclave.services.state.tables import Tenant

__all__ = ["Store", "WrongDeployment"]

Result = TypeVar("Result")


class WrongDeployment(Exception):
    """The database belongs to another deployment."""


class Store:
    """Runs units of work, each in a transaction of its own, on one thread.

    One thread because control is the only writer: SQLite has one writer at a time anyway, and the audit log's sequence
    has no gap. A unit of work is a plain function of a Session: committed when it returns, rolled back when it raises.
    """

    def __init__(self, engine: Engine, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._engine = engine
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def prepare(self, now: datetime) -> None:
        """Migrates the database and claims it for this deployment. Raises WrongDeployment."""
        await self._in_thread(lambda: migrate(self._engine))
        await self.run(lambda session: self._claim(session, now))

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Runs one unit of work. Its result must not be a row: rows end with their session."""
        return await self._in_thread(lambda: self._transact(work))

    async def close(self) -> None:
        """Waits for the running unit of work, then closes every connection."""
        await self._in_thread(self._engine.dispose)
        self._executor.shutdown()

    def _transact(self, work: Callable[[Session], Result]) -> Result:
        with Session(self._engine) as session, session.begin():
            return work(session)

    def _claim(self, session: Session, now: datetime) -> None:
        tenants = session.scalars(select(Tenant.tenant_id)).all()
        if not tenants:
            session.add(Tenant(tenant_id=self.tenant_id, create_time=now))
        elif self.tenant_id not in tenants:
            raise WrongDeployment(
                f"the database belongs to deployment {tenants[0]}, not to {self.tenant_id}; "
                "use the state directory that it was made with, or an empty database"
            )

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        # Shielded: a caller that goes away does not leave its transaction's outcome to chance.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, function))
