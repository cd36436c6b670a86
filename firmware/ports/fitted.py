# What a cabinet may have and the loader need not know.


# what counts the seals: the chip, if one is fitted
def element(config, bus, folder):
    address = config.hardware.get("element")
    if address:
        from firmware.drivers.atecc608 import Atecc608

        return Atecc608(bus, address)
    from firmware.element import Software
    from firmware.journal.snapshot import FileStore

    return Software(FileStore(folder + "/element-a.bin", folder + "/element-b.bin"))
