"""The report's own signature: PAdES baseline B-B, checked by any PDF reader (A15)."""

import io
import logging

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from server_stub.proof.signatory import NoSigner, Signatory

_CONTAINER_BYTES = 8192


def sign_pdf(pdf: bytes, signer: Signatory) -> bytes:
    """`pdf` with the signer's signature appended: its own bytes stay as they are. Raises NoSigner."""
    logging.getLogger("pyhanko").setLevel(logging.ERROR)
    own = signers.SimpleSigner.load(
        str(signer.key_file), str(signer.certificate_file), ca_chain_files=(str(signer.authority_file),)
    )
    if own is None:
        raise NoSigner(f"signer {signer.name} cannot sign a PDF: look at {signer.key_file}")
    meta = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=signer.common_name,
        reason="Compliance packet",
    )
    out = signers.PdfSigner(meta, signer=own).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=_CONTAINER_BYTES
    )
    return bytes(out.getvalue())
