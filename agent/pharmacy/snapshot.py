"""What is needed for picking as of one moment, as the centre's API gives it (docs/interfaces.md, Pharmacy)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
_Station = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
_Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4}$")]
_Quantity = Annotated[int, Field(ge=1, le=0x7FFFFFFF)]
_Text = Annotated[str, Field(max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Station(_Part):
    """A station that may be picked for, and what its people are asked at delivery (P43)."""

    station: _Station
    zone: _Text = ""
    ask_beginning_quantity: bool = False
    ask_expiry: bool = False


class Need(_Part):
    """What one station needs of an item, in its smallest units; L load, R refill."""

    station: _Station
    item: _Id
    quantity: _Quantity
    load_or_refill: Literal["L", "R"] = "R"
    pick_area: _Text = ""


class Item(_Part):
    """An item's name, and the codes on its packages."""

    item: _Id
    name: _Text
    codes: tuple[_Text, ...] = ()


class User(_Part):
    """Who may pick, who may check."""

    user: _Id
    may_pick: bool = False
    may_check: bool = False


class OpenLabel(_Part):
    """A pick under way; `state` PICKED, else it needs no check any more. Its record may have told no item (RD-P11)."""

    label: _Label
    station: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")]
    item: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,16}$")]
    quantity: _Quantity
    picked_utc_ms: Annotated[int, Field(ge=0, lt=1 << 62)]
    state: _Text


class Snapshot(_Part):
    """One snapshot; what is newer than `as_of_utc_ms` is not in it."""

    snapshot: str | int
    as_of_utc_ms: Annotated[int, Field(ge=0, lt=1 << 62)]
    stations: tuple[Station, ...] = ()
    needs: tuple[Need, ...] = ()
    items: tuple[Item, ...] = ()
    users: tuple[User, ...] = ()
    open_labels: tuple[OpenLabel, ...] = ()

    def name_of(self, item: str) -> str:
        """An item's name; its id if it has none here."""
        return next((one.name for one in self.items if one.item == item), item)
