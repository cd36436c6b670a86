# Runs the test_ functions of one file under MicroPython: run_mpy.py FILE. Exit code: 0 if all passed, 1 if not.
import gc
import sys


def load(path):
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder)
    return __import__(name[: -len(".py")])


def run(module):
    # collect early, as the firmware does: what lives long then lies together, and large pieces stay free
    gc.threshold(16384)
    failed = []
    names = sorted(n for n in dir(module) if n.startswith("test_"))
    for name in names:
        gc.collect()
        try:
            getattr(module, name)()
        except Exception as error:
            failed.append(name)
            print("FAILED", name)
            sys.print_exception(error)
    print(len(names) - len(failed), "of", len(names), "passed")
    return 1 if failed or not names else 0


sys.exit(run(load(sys.argv[1])))
