"""`site.toml`: what a site is, read and written as one validated model (docs/interfaces.md)."""

import json
import tomllib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from firmware.wire import signed
from server_stub.site import address
from server_stub.site.home import Home, write_private
from server_stub.supply.settings import DEFAULT_HOURS, LONGEST_HOURS
from server_stub.verify.settings import DEFAULT_MINUTES, LONGEST_MINUTES

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Area = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")]
Port = Annotated[int, Field(gt=0, lt=65536)]
Host = Annotated[str, AfterValidator(address.checked)]
Credential = Annotated[int, Field(ge=1)]
PHARMACY_BOARD = "pharmacy"


def common_name(name: str, credential: int) -> str:
    """CN of a certificate, by which the broker knows who comes: `name`, from the second credential on `NAME.N`. A dot
    is in no id, so nobody else can have it."""
    return name if credential == 1 else f"{name}.{credential}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(_Part):
    """Names of the site; `credential` counts the certificates of its own processes, of which only the last is good;
    `genesis` (hex) is that of the centre's own log."""

    id: Id
    shard: Id = "s0"
    credential: Credential = 1
    genesis: str

    def common_name(self, process: str) -> str:
        """CN of the certificate of `process` (`centre`, `feed` ...) that is good now."""
        return common_name(process, self.credential)


class Broker(_Part):
    """Where cabinets and centre reach the MQTT broker (TLS); it listens at `address.listen_at` of that."""

    host: Host = address.LOOPBACK
    port: Port = 18883


class Web(_Part):
    """Where browsers and the pharmacy's computer reach console and API (HTTPS); as the broker's."""

    host: Host = address.LOOPBACK
    port: Port = 8443


class Database(_Part):
    """An SQLAlchemy url; empty means SQLite in home."""

    url: str = ""


class Verify(_Part):
    """How long (minutes of hospital time) there is for charting a removal before it counts as undocumented."""

    documentation_minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] = DEFAULT_MINUTES


class Packets(_Part):
    """Compliance packets: one every so many days of hospital time (0: only when asked), with patients or without."""

    every_days: Annotated[int, Field(ge=0, le=366)] = 0
    disclosures: bool = True


class Supplier(_Part):
    """The distribution centre's feed; `identity` tells it patients instead of tokens, and times of administration."""

    identity: bool = False


class Picking(_Part):
    """Packages between pharmacy and pocket: for how many hours after its pick a label is good."""

    stale_hours: Annotated[int, Field(ge=1, le=LONGEST_HOURS)] = DEFAULT_HOURS


def _witness_key(text: str) -> str:
    _, kind, _ = signed.read_vkey(text)
    if kind != signed.COSIGNATURE:
        raise ValueError("not the key of a witness: it prints its own when it starts")
    return text


class Witness(_Part):
    """A witness that is shown every checkpoint: where it answers, and its key."""

    # what it answers is signed, but for a no: beyond this computer nobody may put in his own
    url: Annotated[str, Field(pattern=r"^(https://[^/\s]|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(/|$))")]
    vkey: Annotated[str, AfterValidator(_witness_key)]


class Station(_Part):
    """One cabinet: its current log, the genesis of that log (hex), the wards it serves, the area it stands in, the zone
    for which people pick (P31), the board and the planogram it was enrolled with ("": before they were kept here;
    planogram "none": all drawers matrix), its shard ("": that of the site). `credential` counts its certificates, of
    which only the last is good."""

    id: Id
    log: int = 1
    credential: Credential = 1
    wards: tuple[str, ...] = ()
    area: Area = ""
    zone: Annotated[str, Field(pattern=r"^[^|\x00-\x1f]{0,32}$")] = ""
    board: str = ""
    planogram: str = ""
    shard: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")] = ""
    genesis: str

    @property
    def pharmacy(self) -> bool:
        """Is it a pharmacy's interface computer? It picks and checks, and has no drawers."""
        return self.board == PHARMACY_BOARD

    @property
    def common_name(self) -> str:
        """CN of its certificate that is good now."""
        return common_name(self.id, self.credential)


class SiteConfig(_Part):
    """The whole of `site.toml`."""

    site: Site
    broker: Broker = Broker()
    web: Web = Web()
    database: Database = Database()
    verify: Verify = Verify()
    packets: Packets = Packets()
    supplier: Supplier = Supplier()
    picking: Picking = Picking()
    witness: tuple[Witness, ...] = ()
    station: tuple[Station, ...] = ()

    def shard_of(self, station: Station) -> str:
        """The shard whose process takes in what this station sends."""
        return station.shard or self.site.shard

    def with_station(self, station: Station) -> "SiteConfig":
        """The same site with `station` in place of the one of that id."""
        return self.model_copy(
            update={"station": tuple(station if one.id == station.id else one for one in self.station)}
        )

    @property
    def server_hosts(self) -> dict[str, str]:
        """What the certificate of each server names beside this computer itself."""
        return {"broker": self.broker.host, "centre": self.web.host}

    @property
    def further_shards(self) -> tuple[str, ...]:
        """Those that are taken in by processes of their own; none on SQLite, which has one writer."""
        if not self.database.url.startswith("postgresql"):
            return ()
        return tuple(sorted({self.shard_of(station) for station in self.station} - {self.site.shard}))


class NoSite(Exception):
    """There is no site in that home, or its `site.toml` is not right; the text says what to do."""


def read(home: Home) -> SiteConfig:
    """Read `site.toml`; raises NoSite."""
    try:
        return SiteConfig.model_validate(tomllib.loads(home.config.read_text()))
    except FileNotFoundError:
        raise NoSite(f"no site in {home.root}: make one with `apotheca --home {home.root} init --site ID`") from None
    except (ValueError, RecursionError) as error:
        raise NoSite(f"{home.config} is not right, mend it by hand: {error}") from None


def write(home: Home, config: SiteConfig) -> None:
    """Write `site.toml` whole or not at all."""
    lines = []
    for name in ("site", "broker", "web", "database", "verify", "packets", "supplier", "picking"):
        lines += [f"[{name}]", *_pairs(getattr(config, name)), ""]
    for witness in config.witness:
        lines += ["[[witness]]", *_pairs(witness), ""]
    for station in config.station:
        lines += ["[[station]]", *_pairs(station), ""]
    write_private(home.config, "\n".join(lines).encode())


def _pairs(part: BaseModel) -> list[str]:
    # a JSON string, number or array of strings is TOML too
    return [f"{key} = {json.dumps(value)}" for key, value in part.model_dump(mode="json").items()]


def database_url(home: Home, config: SiteConfig) -> str:
    """The SQLAlchemy url of the centre's database."""
    return config.database.url or f"sqlite:///{(home.root / 'centre.db').absolute()}"
