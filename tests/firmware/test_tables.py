# Packed tables against a dict: whatever is put and removed, rows are there in key order, and a dump brings them back.
from firmware import schema
from firmware.tables import PIECE, Table

REQ = ("A1", "A1.a")


def model_rows(model):
    return [model[key] for key in sorted(model, key=lambda text: (len(text), text))]


# keys spread over the table by a generator of numbers that both interpreters share
def keys(count):
    n = 1
    for _ in range(count):
        n = n * 75 % 65537
        yield "%x" % n


def filled(count):
    table, model = Table(schema.ITEMS, count), {}
    for at, key in enumerate(keys(count)):
        model[key] = [key, at % 6, 1 + at, at, at % 32, at % 256]
        table.put(model[key])
    return table, model


def test_rows_in_key_order_whatever_comes_and_goes():
    table, model = filled(120)
    assert table.count * table.schema.width > 3 * PIECE  # what moves, moves in several pieces
    assert list(table.rows()) == model_rows(model) and table.count == len(model) == 120
    for at, key in enumerate(list(model)):
        if at % 3 == 0:
            table.remove(key)
            del model[key]
        elif at % 3 == 1:
            model[key] = [key, 5, 7, 9, 3, 1]
            table.put(model[key])
    table.remove("nobody")
    assert list(table.rows()) == model_rows(model) and table.count == 80
    assert all(table.get(key) == row for key, row in model.items())


def test_no_row_too_many():
    table, _ = filled(3)
    try:
        table.put(["zzzzzz", 0, 1, 0, 0, 0])
        assert False
    except ValueError:
        assert table.count == 3


def test_a_dump_brings_all_back():
    for count in (1, 40, 120):
        table, model = filled(count)
        again = Table(schema.ITEMS, 120)
        again.put(["old", 0, 1, 0, 0, 0])
        again.load(bytes(table.dump()))
        assert list(again.rows()) == model_rows(model)
