# The texts of our own labels, on both interpreters: what is made is read back, and nothing else is.
from firmware.wire import labels

REQ = ("P59", "P60", "P61", "P62")

GOOD = (
    (labels.bag, ("morphine", 12, "Rv0z"), "Z1|morphine|12|Rv0z"),
    (labels.bag, ("1013130", 1, "AA00"), "Z1|1013130|1|AA00"),
    (labels.bag, ("w" * 16, 2147483647, "zzzz"), "Z1|wwwwwwwwwwwwwwww|2147483647|zzzz"),
    (labels.shelf, ("MAG-OX_400",), "Z2|MAG-OX_400"),
    (labels.user, ("tech-7",), "Z3|tech-7"),
    (labels.pocket, ("icu-3", 1, 1), "Z4|icu-3|1|1"),
    (labels.pocket, ("S" * 32, 16, 255), "Z4|" + "S" * 32 + "|16|255"),
    (labels.tote, ("icu-3", "T-0042"), "Z5|icu-3|T-0042"),
)

BAD_FIELDS = (
    (labels.bag, ("", 1, "AA00"), "item"),
    (labels.bag, ("a|b", 1, "AA00"), "item"),
    (labels.bag, ("w" * 17, 1, "AA00"), "item"),
    (labels.bag, ("äh", 1, "AA00"), "item"),
    (labels.bag, (None, 1, "AA00"), "item"),
    (labels.bag, ("a", 0, "AA00"), "quantity"),
    (labels.bag, ("a", -1, "AA00"), "quantity"),
    (labels.bag, ("a", 2147483648, "AA00"), "quantity"),
    (labels.bag, ("a", "1", "AA00"), "quantity"),
    (labels.bag, ("a", 1.0, "AA00"), "quantity"),
    (labels.bag, ("a", True, "AA00"), "quantity"),
    (labels.bag, ("a", 1, "AA0"), "serial"),
    (labels.bag, ("a", 1, "AA000"), "serial"),
    (labels.bag, ("a", 1, "AA-0"), "serial"),
    (labels.bag, ("a", 1, 1000), "serial"),
    (labels.shelf, ("a b",), "item"),
    (labels.user, ("",), "user"),
    (labels.pocket, ("S" * 33, 1, 1), "station"),
    (labels.pocket, ("s", 0, 1), "drawer"),
    (labels.pocket, ("s", 17, 1), "drawer"),
    (labels.pocket, ("s", "1", 1), "drawer"),
    (labels.pocket, ("s", 1, 0), "pocket"),
    (labels.pocket, ("s", 1, 256), "pocket"),
    (labels.pocket, ("s", 1, None), "pocket"),
    (labels.tote, ("", "T"), "station"),
    (labels.tote, ("s", "T" * 17), "tote"),
)

BAD_TEXTS = (
    ("", "none of Z1 to Z5"),
    ("|", "none of Z1 to Z5"),
    ("Z6|a", "none of Z1 to Z5"),
    ("z2|a", "none of Z1 to Z5"),
    (" Z2|a", "none of Z1 to Z5"),
    ("0012345678905", "none of Z1 to Z5"),
    ("Z1", "4 parts, not 1"),
    ("Z1|a|1", "4 parts, not 3"),
    ("Z1|a|1|AA00|", "4 parts, not 5"),
    ("Z2|a|b", "2 parts, not 3"),
    ("Z4|s|1", "4 parts, not 3"),
    ("Z2|", "item"),
    ("Z2|a\r", "item"),
    ("Z1|a|01|AA00", "quantity"),
    ("Z1|a|+1|AA00", "quantity"),
    ("Z1|a| 1|AA00", "quantity"),
    ("Z1|a|1.0|AA00", "quantity"),
    ("Z1|a|1_0|AA00", "quantity"),
    ("Z1|a||AA00", "quantity"),
    ("Z1|a|0|AA00", "quantity"),
    ("Z1|a|\u0661|AA00", "quantity"),
    ("Z1|a|\u00b2|AA00", "quantity"),
    ("Z1|a|99999999999|AA00", "quantity"),
    ("Z1|a|1|AA0!", "serial"),
    ("Z3|a\u00e4", "user"),
    ("Z4||1|1", "station"),
    ("Z4|s|D01|1", "drawer"),
    ("Z4|s|1|P01", "pocket"),
    ("Z4|s|17|1", "drawer"),
    ("Z4|s|1|256", "pocket"),
    ("Z5|s|", "tote"),
    ("Z5|s", "3 parts, not 2"),
)


def words_of(call, *args):
    try:
        call(*args)
    except ValueError as error:
        return str(error)
    return None


def test_labels_are_read_as_they_were_made():
    for make, fields, text in GOOD:
        assert make(*fields) == text
        assert labels.read(text) == (text[:2],) + fields


def test_bad_fields_are_refused_with_words():
    for make, fields, word in BAD_FIELDS:
        said = words_of(make, *fields)
        assert said and word in said, (fields, said)


def test_other_texts_are_refused_with_words():
    for text, word in BAD_TEXTS:
        said = words_of(labels.read, text)
        assert said and word in said, (text, said)


# one byte of a label changed to anything printable: it is refused, or read as the label that says just that
def test_what_is_read_makes_the_same_text_again():
    made = dict([(text[:2], make) for make, _, text in GOOD])
    for _, _, text in GOOD:
        for at in range(len(text)):
            for code in range(32, 127):
                other = text[:at] + chr(code) + text[at + 1 :]
                try:
                    got = labels.read(other)
                except ValueError:
                    continue
                assert made[got[0]](*got[1:]) == other
