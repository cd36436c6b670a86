"""A bundle says what it is, and nobody but the site's release key makes one that is taken."""

import cbor2
import pytest

from agent.cabinet import bundle
from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.compat import derive
from firmware.wire import sealed
from tests.cabinet.desk import KEY, STATION, Release

FILES = {"firmware/__init__.mpy": b"", "firmware/gate.mpy": b"gate" * 500, "firmware/version.mpy": b"version"}


def refusal(data, release):
    with pytest.raises(CabinetError) as error:
        bundle.unpack(data, release.verifier)
    assert f"(code {error.value.code})" in str(error.value)
    return error.value.code


@pytest.mark.req("U5")
def test_it_lists_every_file_and_is_sealed_for_each_station(release):
    opened = release.bundle("1.20.3", FILES, keys={STATION: KEY, "ED1": bytes(range(32))})
    assert (opened.board, opened.version, opened.number) == ("unix", "1.20.3", 1_020_003)
    assert opened.files == FILES and [row[:2] for row in opened.listed] == [[n, len(FILES[n])] for n in sorted(FILES)]
    fields = sealed.open(opened.manifest_for(STATION), derive(KEY, "firmware"))
    assert fields == [1, STATION, "unix", "1.20.3", 1_020_003, opened.listed]
    assert sealed.open(opened.manifest_for("ED1"), derive(KEY, "firmware")) is None
    with pytest.raises(CabinetError) as error:
        opened.manifest_for("ICU9")
    assert error.value.code == codes.FIRMWARE_NOT_MACED


@pytest.mark.req("U5")
def test_the_same_files_make_the_same_manifest_and_versions_rise(release):
    first, again = (release.bundle("1.0.0", FILES) for _ in range(2))
    assert first.manifest_for(STATION) == again.manifest_for(STATION)
    versions = ["0.9.999", "0.10.0", "1.0.0", "1.0.1", "2.0.0"]
    numbers = [bundle.number_of(version) for version in versions]
    assert numbers == sorted(set(numbers))
    for bad in ("1", "1.2", "1.2.3.4", "1.2.x", "1.2.1000", "v1.2.3", ""):
        with pytest.raises(ValueError, match="is no version"):
            bundle.number_of(bad)


@pytest.mark.req("U5")
def test_a_foreign_signature_and_every_changed_part_is_refused(release):
    data = release.pack("1.0.0", FILES)
    assert refusal(Release().pack("1.0.0", FILES), release) == codes.FOREIGN_BUNDLE
    version, envelope, macs, contents = cbor2.loads(data)

    def changed(**parts):
        named = {"version": version, "envelope": envelope, "macs": macs, "contents": contents} | parts
        return cbor2.dumps([named["version"], named["envelope"], named["macs"], named["contents"]])

    other = bytearray(envelope)
    other[len(other) // 2] ^= 1
    assert refusal(changed(envelope=bytes(other)), release) == codes.FOREIGN_BUNDLE
    for wrong in ([contents[0], b"Gate" * 500, contents[2]], contents[:2], [*contents, b"more"], contents[::-1]):
        assert refusal(changed(contents=wrong), release) == codes.DAMAGED_BUNDLE
    for cut in (0, 1, 100, len(data) - 1):
        assert refusal(data[:cut], release) == codes.BAD_BUNDLE
    for wrong in (changed(version=2), changed(macs=[[1, 2]]), changed(contents=["text"]), b"\x00"):
        assert refusal(wrong, release) == codes.BAD_BUNDLE
