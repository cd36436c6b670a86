# Ids and MQTT topics, docs/wire.md section 4. Ids never hold what a broker gives a meaning to.
from firmware.schema import is_id

UP = ("batch", "heartbeat", "status")
DOWN = ("answer", "command", "reference", "notice", "checkpoint")
FEED = ("removal", "inventory", "alert", "par")

_ROOT = "apotheca/1/"
_ID_MAX = 32


def valid_id(text):
    return is_id(text, _ID_MAX)


def up(site, shard, station, what):
    return _station(site, shard, station, "up", what, UP)


def down(site, shard, station, what):
    return _station(site, shard, station, "down", what, DOWN)


def feed(site, what):
    if not valid_id(site) or what not in FEED:
        raise ValueError("no such feed")
    return _ROOT + site + "/feed/" + what


# (site, shard, station, "up" or "down", what); (site, None, None, "feed", what); ValueError for any other topic.
def parse(topic):
    parts = topic.split("/")
    if len(parts) == 7:
        _, _, site, shard, station, way, what = parts
        make = {"up": up, "down": down}.get(way)
        if make and make(site, shard, station, what) == topic:
            return site, shard, station, way, what
    elif len(parts) == 5 and feed(parts[2], parts[4]) == topic:
        return parts[2], None, None, "feed", parts[4]
    raise ValueError("not a topic of ours")


def _station(site, shard, station, way, what, known):
    if not (valid_id(site) and valid_id(shard) and valid_id(station)) or what not in known:
        raise ValueError("no such topic")
    return _ROOT + "/".join((site, shard, station, way, what))
