# Every storage type under the one contract (storage_contract.py): a test per type and check.
import storage_contract as contract

from firmware.storage import types

REQ = ("P5", "F21", "U2")


def _test(suite, name):
    return lambda: getattr(suite(), name)()


for _suite in contract.SUITES:
    for _name in contract.checks(_suite):
        globals()["test_%s_%s" % (_suite.__name__.lower(), _name[len("check_") :])] = _test(_suite, _name)


def test_each_type_has_its_suite():
    assert tuple(sorted(suite.kind for suite in contract.SUITES)) == types.ALL
