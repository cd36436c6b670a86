"""When the centre is asked what is needed, and how: HTTPS with the site's authority and a bearer token (P52)."""

import ssl
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import httpx
from pydantic import ValidationError

from agent.pharmacy.ini import Procar
from agent.pharmacy.snapshot import Snapshot

PATH = "/api/v1/pharmacy/snapshot"
RETRY_MS = 60_000
TIMEOUT_S = 30.0
MOST_BYTES = 16 << 20
_MINUTE_MS = 60_000
_DAYS_LOOKED_AT = 2


class NoSnapshot(Exception):
    """The centre gave none (code 4059); the text says why."""


def next_read_ms(procar: Procar, zone: tzinfo | None, read_ms: int | None, failed_ms: int | None) -> int:
    """When (UTC ms) to read next: `download_freq_min` after the last, and at each of `snapshot_times` (`zone` None is
    this computer's); a minute after a failure. 0: at once."""
    if failed_ms is not None:
        return failed_ms + RETRY_MS
    if read_ms is None:
        return 0
    return min([read_ms + procar.download_freq_min * _MINUTE_MS, *_times_after(procar, zone, read_ms)])


def _times_after(procar: Procar, zone: tzinfo | None, utc_ms: int) -> list[int]:
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
    days = [local + timedelta(days=n) for n in range(_DAYS_LOOKED_AT)]
    moments = [
        datetime(day.year, day.month, day.day, *divmod(minutes, 60), tzinfo=zone).astimezone(UTC)
        for day in days
        for minutes in procar.snapshot_times
    ]
    return [at for at in (int(moment.timestamp() * 1000) for moment in moments) if at > utc_ms]


class Source:
    """The centre's API as this computer sees it; `folder` has `ca.crt` and `api.token`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder

    async def read(self) -> bytes:
        """A snapshot as it came, checked; raises NoSnapshot."""
        try:
            token = (self._folder / "api.token").read_text(encoding="ascii").strip()
            context = ssl.create_default_context(cafile=str(self._folder / "ca.crt"))
            async with httpx.AsyncClient(verify=context, timeout=TIMEOUT_S, trust_env=False) as client:
                data = await _get(client, self._url + PATH, {"Authorization": f"Bearer {token}"})
            opened(data)
        except (OSError, httpx.HTTPError, ValidationError, ValueError) as error:
            raise NoSnapshot(f"{self._url}: {type(error).__name__} {error}") from None
        return data


async def _get(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> bytes:
    data = b""
    async with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        async for part in response.aiter_bytes():
            data += part
            if len(data) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
    return data


def opened(data: bytes) -> Snapshot:
    """The snapshot in `data`; ValidationError if there is none."""
    return Snapshot.model_validate_json(data)
